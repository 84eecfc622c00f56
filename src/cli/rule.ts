// pinhole rule: the rules of docs/spec.md, which errors name. Needs no server.
import { Command } from 'commander';
import { allRules, type Rule } from '../http/rules.ts';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns, type Format, outputOf, styled } from './lib/output.ts';
import { withOutput } from './lib/session.ts';
import { filled } from './lib/text.ts';

export function ruleCommand(io: Io): Command {
  const command = withOutput(new Command('rule'))
    .description(
      'Explains a rule of the machine, as errors name it. Without an id it lists every rule, in ' +
        'the order of docs/spec.md. Needs no server.',
    )
    .argument('[id]', 'the rule, such as GP2')
    .action((id: string | undefined) => {
      const output = outputOf(io, command.opts<{ output: Format }>().output);
      if (id === undefined) {
        const items = [...allRules().values()];
        output.print({ items }, () => columns(['rule', 'section', 'text'], items.map(rowOf)));
        return;
      }
      const rule = allRules().get(id.toUpperCase());
      if (rule === undefined) throw unknown(id);
      output.print(rule, () => ruleText(io, rule));
    });
  return example(command, 'pinhole rule GP2', 'pinhole rule -o ndjson');
}

const shownMax = 72;
const rowOf = ({ id, section, text }: Rule): string[] => [
  id,
  section,
  text.length <= shownMax ? text : `${text.slice(0, shownMax - 1)}…`,
];

function ruleText(io: Io, { id, section, text, source }: Rule): string {
  const mirrors = source === undefined ? [] : ['', `Mirrors ${source}.`];
  return [
    `${styled(io, io.stdout, 'bold', id)}  ${section}`,
    '',
    filled(io.stdout, text),
    ...mirrors,
  ].join('\n');
}

/** The rules of the same letters, because a number is easily mistyped. */
function unknown(id: string): UsageError {
  const letters = /^[a-z]*/i.exec(id)?.[0].toUpperCase() ?? '';
  const ids = [...allRules().keys()];
  const near = ids.filter((one) => one.replace(/\d+$/, '') === letters);
  const help =
    near.length > 0
      ? `the rules ${letters} are ${near.join(', ')}`
      : `rules begin with ${[...new Set(ids.map((one) => one.replace(/\d+$/, '')))].join(', ')}`;
  return new UsageError(`there is no rule ${id}; ${help}`);
}
