import { problemTable } from '../../src/http/problem-table.ts';
import { errnoTable } from '../../src/kernel/errno.ts';
import { code, page, plain, table } from './text.ts';

const rows = (ofKernel: boolean): string[][] =>
  Object.entries(problemTable)
    .filter(([, { cause }]) => (cause === undefined) === ofKernel)
    .map(([type, { status, doc, cause }]) => [
      code(type),
      String(status),
      ...(ofKernel ? [] : [code(cause?.errno ?? ''), cause?.rule ?? '']),
      plain(doc),
    ]);

export const problems = (): string =>
  page(
    '# The problems',
    'An error is `application/problem+json` (RFC 9457). `type` is `/v1/problems/` and a name of the tables below; `detail` says what happened, to what, ' +
      'and what to do; `errno` and `rule` name the errno and the [rule](./spec.md), and a `Link` with `rel="describedby"` leads to the text of the rule.',
    '## Of the machine',
    'The type is the errno in small letters. The rule depends on the reason; the problem names it.',
    table(['type', 'status', 'meaning'], rows(true)),
    '## Of the wire',
    table(['type', 'status', 'errno', 'rule', 'meaning'], rows(false)),
    `## Errnos\n\nThere are ${Object.keys(errnoTable).length}. \`SIGBUS\` is a signal in Linux; here it is the answer to the access.`,
  );
