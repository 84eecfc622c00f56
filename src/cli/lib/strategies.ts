// The strategies as a person names them: `wait-for-refs`, `break-layouts modern`, or `all`.
import { strategies } from '../../kernel/reclaim/index.ts';
import { type Column, everyColumn, strategyOfColumn } from '../../stories/story.ts';
import { UsageError } from './exit.ts';

/** A column of the stories. `break-layouts-modern` needs no quotes in a shell. */
export function columnOf(name: string): Column {
  const wanted = name.toLowerCase().replaceAll(' ', '-');
  const dashed = (column: Column): string => column.replaceAll(' ', '-');
  const exact = everyColumn.find((column) => dashed(column) === wanted);
  if (exact !== undefined) return exact;
  const near = everyColumn.filter((column) => dashed(column).includes(wanted));
  const [only] = near;
  if (only !== undefined && near.length === 1) return only;
  const names = (near.length === 0 ? everyColumn : near).map(dashed);
  throw new UsageError(
    `there is no strategy ${name} in the stories; name one of ${names.join(', ')}`,
  );
}

/** What --strategy of a comparison means. */
export function choicesOf(names: readonly string[]): { name: string }[] {
  return names.flatMap((name) => {
    if (name === 'all') return [...strategies.keys()].map((one) => ({ name: one }));
    if (strategies.has(name)) return [{ name }];
    const known = [...strategies.keys(), ...everyColumn.filter((one) => one.includes(' '))];
    const column = strategyOfColumn(name) ?? strategyOfColumn(name.replace(/-(\w+)$/, ' $1'));
    if (column !== undefined) return [column];
    throw new UsageError(`there is no strategy ${name}; name all or one of ${known.join(', ')}`);
  });
}
