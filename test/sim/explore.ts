// npm run explore: the possible outcomes of each story under each strategy, compared with what is
// expected. Writes docs/explored.md for S01 to S12, and stores one path to each verdict in
// src/stories/ways.ts, from where the server tells them and a test replays them over HTTP.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verdictsOf, type Way, type Ways, wayThroughSleep } from '../../src/kernel/explore.ts';
import { everyColumn } from '../../src/stories/story.ts';
import { wayText } from '../../src/stories/ways-text.ts';
import { exploreScenario } from './interleavings.ts';
import { expected, furtherScenarios, scenarios } from './scenario-list.ts';

/** By scenario and strategy, "S01 refuse". */
export type Cells = Record<string, Ways>;

export const pagePath = join(import.meta.dirname, '../../docs/explored.md');
const waysPath = join(import.meta.dirname, '../../src/stories/ways.ts');

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

/** By cell, the texts of its ways. */
type Texts = Record<string, Record<string, string>>;

/** A way to each verdict, and one on which the first thread waits for a page and all ends well. */
export function textsOf(ways: Ways, waits: Way | null): Record<string, string> {
  const told = { ...ways, ...(waits === null ? {} : { waits }) };
  return Object.fromEntries(Object.entries(told).map(([verdict, way]) => [verdict, wayText(way)]));
}

/** ways.ts: a cell a line, before it is formatted. */
function moduleOf(texts: Texts): string {
  const rows = Object.entries(texts).map(
    ([cell, of]) => `  ${JSON.stringify(cell)}: ${JSON.stringify(of)},\n`,
  );
  return `// npm run explore writes this file: one shortest way to each verdict, see ways-text.ts.
import type { Told } from './ways-text.ts';

export const waysTold: Readonly<Record<string, Partial<Record<Told, string>>>> = {
${rows.join('')}};
`;
}

if (process.argv[1] === import.meta.filename) {
  const cells: Cells = {};
  const texts: Texts = {};
  for (const scenario of [...scenarios, ...furtherScenarios]) {
    for (const column of everyColumn) {
      const started = performance.now();
      const explored = exploreScenario(scenario, column);
      const { verdicts, nodes, open, ways } = explored;
      const bounded = open.size > 0;
      cells[`${scenario.id} ${column}`] = ways;
      texts[`${scenario.id} ${column}`] = textsOf(ways, wayThroughSleep(explored));
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
  writeFileSync(waysPath, moduleOf(texts));
}
