// npm run explore: the possible outcomes of each scenario under each strategy, compared with
// docs/scenarios.md. Writes docs/explored.md, and stores one path to each verdict in explored.json
// for the test that replays it over HTTP.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verdictsOf, type Ways } from '../../src/kernel/explore.ts';
import { exploreScenario } from './interleavings.ts';
import { everyColumn, expected, scenarios } from './scenario-list.ts';

/** By scenario and strategy, "S01 refuse". */
export type Cells = Record<string, Ways>;

export const pagePath = join(import.meta.dirname, '../../docs/explored.md');
export const waysPath = join(import.meta.dirname, 'explored.json');

/** docs/explored.md. */
export function pageOf(cells: Cells): string {
  const rows = scenarios.map(({ id, tells }) => {
    const verdicts = everyColumn.map((column) =>
      verdictsOf(cells[`${id} ${column}`] ?? {}).join(', '),
    );
    return `| ${id} | ${tells} | ${verdicts.join(' | ')} |\n`;
  });
  return `# Every interleaving of S01 to S12

What can happen in each [scenario](scenarios.md), under each strategy, if two or three tasks take their steps in every
possible order. \`npm run explore\` writes this page.

- *Completes*: in some orders all calls finish.
- *Hangs*: the first task sleeps, is in no deadlock, and nothing that the others can do wakes it. Only munmap or a signal
  ends its sleep.
- *Starves*: the states form a cycle in which every task runs and the calls of the others finish, but the first task
  wakes up, scans and sleeps again.
- *Deadlock*: in some orders a cycle of waits is completed.

| | what happens | ${everyColumn.join(' | ')} |
|---|---|${everyColumn.map(() => '---').join('|')}|
${rows.join('')}`;
}

/** explored.json: a cell a line. */
export const linesOf = (cells: Cells): string =>
  `{\n${Object.entries(cells)
    .map(([cell, ways]) => `  ${JSON.stringify(cell)}: ${JSON.stringify(ways)}`)
    .join(',\n')}\n}\n`;

if (process.argv[1] === import.meta.filename) {
  const cells: Cells = {};
  for (const scenario of scenarios) {
    for (const column of everyColumn) {
      const started = performance.now();
      const { verdicts, nodes, open, ways } = exploreScenario(scenario, column);
      const bounded = open.size > 0;
      cells[`${scenario.id} ${column}`] = ways;
      const should = expected(scenario, column).join(', ');
      const agrees = !bounded && verdicts.join(', ') === should;
      if (!agrees) process.exitCode = 1;
      const cost = `${nodes.length} states${bounded ? ', bounded' : ''}, ${((performance.now() - started) / 1000).toFixed(1)} s`;
      process.stdout.write(
        `${scenario.id} ${column}: ${verdicts.join(', ')} (${cost})${agrees ? '' : `, expected ${should}`}\n`,
      );
    }
  }
  writeFileSync(pagePath, pageOf(cells));
  writeFileSync(waysPath, linesOf(cells));
}
