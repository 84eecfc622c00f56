// pinhole errno: an error code in words. Needs no server.
import { Command } from 'commander';
import { problemTable } from '../http/problem-table.ts';
import { allRules } from '../http/rules.ts';
import { type Errno, errnoTable } from '../kernel/errno.ts';
import { errnoNumbers, messageOf } from '../script/errno-words.ts';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns, type Format, facts, outputOf, styled } from './lib/output.ts';
import { withOutput } from './lib/session.ts';
import { filled } from './lib/text.ts';

interface Explained {
  errno: Errno;
  /** The number on x86-64 and arm64 Linux; that of the signal for SIGBUS. */
  number: number;
  message: string;
  text: string;
  /** The HTTP status with which a server answers. */
  status: number;
  /** The rules whose text names it. */
  rules: string[];
}

export function errnoCommand(io: Io): Command {
  const command = withOutput(new Command('errno'))
    .description(
      'Explains an error code: its number and message on Linux, when the simulated machine gives ' +
        'it, the HTTP status, and the rules that name it. Without a name it lists every code. ' +
        'Needs no server.',
    )
    .argument('[name]', 'the name, or the number as programs print it: EOPNOTSUPP, 95, -95')
    // -95 is the number of an error here, and not an option.
    .allowUnknownOption()
    .action((name: string | undefined) => {
      const output = outputOf(io, command.opts<{ output: Format }>().output);
      if (name === undefined) {
        const items = (Object.keys(errnoTable) as Errno[]).map(explained);
        const rows = items.map(({ errno, number, status, message }) => [
          errno,
          number,
          status,
          message,
        ]);
        output.print({ items }, () => columns(['errno', 'number', 'http', 'message'], rows));
        return;
      }
      const found = errnoOf(name);
      output.print(found, () => errnoText(io, found));
    });
  return example(command, 'pinhole errno EOPNOTSUPP', 'pinhole errno -95 -o json');
}

function explained(errno: Errno): Explained {
  const word = new RegExp(`\\b${errno}\\b`);
  return {
    errno,
    number: errnoNumbers[errno],
    message: messageOf(errno),
    text: errnoTable[errno],
    status: problemTable[errno.toLowerCase() as Lowercase<Errno>].status,
    rules: [...allRules().values()].filter(({ text }) => word.test(text)).map(({ id }) => id),
  };
}

function errnoOf(name: string): Explained {
  const names = Object.keys(errnoTable) as Errno[];
  const number = /^-?\d+$/.test(name) ? Math.abs(Number(name)) : null;
  const found = names.find((one) =>
    number === null
      ? one === name.toUpperCase()
      : errnoNumbers[one] === number && one.startsWith('E'),
  );
  if (found !== undefined) return explained(found);
  throw new UsageError(
    `the simulated machine has no error ${name}; its errors are ` +
      names.map((one) => `${one} (${errnoNumbers[one]})`).join(', '),
  );
}

function errnoText(io: Io, { errno, number, message, text, status, rules }: Explained): string {
  const kind = errno.startsWith('E') ? `errno ${number}` : `signal ${number}`;
  return [
    `${styled(io, io.stdout, 'bold', errno)}  ${message}`,
    '',
    filled(io.stdout, text),
    '',
    facts([
      ['Linux', kind],
      ['HTTP', `status ${status}, type /v1/problems/${errno.toLowerCase()}`],
    ]),
    ...(rules.length === 0 ? [] : [filled(io.stdout, `rules  ${rules.join(' ')}`)]),
    '',
    'pinhole rule ID explains a rule.',
  ].join('\n');
}
