// Agreement with docs/explored.md: the explorer knows each end that a scenario can have under a
// strategy. A workload of the same shape shows these ends, and no others. Its steps are not taken
// one by one: it runs each call until it ends or sleeps, and only times are random.
import { expect, test } from 'vitest';
import type { Verdict } from '../../src/kernel/explore.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import type { RunFigures } from '../../src/lab/observe.ts';
import { presets } from '../../src/lab/presets/index.ts';
import { runOne } from '../../src/lab/run.ts';
import type { Workload } from '../../src/lab/schema.ts';
import { choiceOf } from '../../src/lab/strategies.ts';
import { type Column, everyColumn } from '../../src/stories/story.ts';
import { verdictsTold } from '../../src/stories/told.ts';

const punchBoth = '{ punch-hole: { file: a, offset: 0, pages: 2 } }';
const rest = '{ think: { exponential: 4 } }';
const owner = (name: string, page: number, more = ''): string =>
  `  ${name}: { loop: [ { pin: { file: a, offset: ${page}p, pages: 1, access: write } }, ` +
  `{ hold: { exponential: 2 } }, ${more}unpin, ${rest} ] }`;
/** A truncate to nothing, and the contents again. */
const truncator = (more = ''): string =>
  `  T: { loop: [ { truncate: { file: a, to: 0${more} } }, ` +
  `{ write: { offset: 0, length: 3p } }, ${rest} ] }`;
const reader = (page: number): string =>
  `  F: { loop: [ { fault: { file: a, offset: ${page}p, pages: 1, access: read } }, ${rest} ] }`;
/** From 10 k ms on P, from 10 k + 5 ms on Q: each for `ms`. */
const leapfrog = (ms: number): string =>
  ['P', 'Q']
    .map(
      (name, at) =>
        `  ${name}: { start: ${at * 5}, periodMs: 10, loop: [ { pin: { file: a, ` +
        `offset: ${at}p, pages: 1, access: write } }, { hold: ${ms} }, unpin ] }`,
    )
    .join('\n');
const newFile = '{ create: { file: f } }, { write: { offset: 0, length: 3p } }';

/** The actors of each row of docs/explored.md. */
const actorsOf: Readonly<Record<string, string>> = {
  // The driver takes its pages by two calls, because here nothing happens inside of a call.
  S01: `  T: { loop: [ ${punchBoth}, ${rest} ] }
  G: { loop: [ { pin: { file: a, offset: 0, pages: 1, access: write } }, { think: 1 },
      { pin: { file: a, offset: 1p, pages: 1, access: write } }, { hold: 1 }, unpin, unpin, ${rest} ] }`,
  S02: `${truncator()}\n  U: { loop: [ ${punchBoth}, ${rest} ] }`,
  S03: `${truncator()}\n${owner('P', 0)}`,
  S04: `  T: { loop: [ { punch-hole: { file: a, offset: 2p, pages: 1 } }, ${rest} ] }\n${owner('P', 0)}`,
  S05: `${truncator()}\n${owner('P', 0)}\n${reader(1)}`,
  S06: `${truncator()}\n${owner('P', 0)}\n${reader(0)}`,
  S07: `  T: { start: 22, loop: [ ${punchBoth}, ${rest} ] }\n${leapfrog(7)}`,
  'S07, ended': `  T: { start: 22, loop: [ ${punchBoth}, ${rest} ] }\n${leapfrog(4)}`,
  S08: `${truncator()}\n${owner('P', 0)}
  R: { loop: [ { read: { file: a, offset: 0, length: 1p } }, { truncate: { to: 1p } }, ${rest} ] }`,
  S09: `${truncator()}\n${owner('P', 0, '{ read: { offset: 0, length: 1p } }, ')}`,
  S10: `${truncator(', timeoutMs: 1')}\n${owner('P', 0)}`,
  S11: `  T: { loop: [ ${newFile}, ${rest}, { unlink: { file: f } }, munmap, ${rest} ] }
  P: { loop: [ { pin: { file: f, offset: 0, pages: 1, access: write } }, munmap,
      { hold: { exponential: 6 } }, unpin, ${rest} ] }`,
  S12: `  P: { loop: [ ${newFile}, { pin: { offset: 0, pages: 1, access: write } }, { hold: 1 },
      munmap, unlink: { file: f }, unpin, ${rest} ] }`.replace(
    'unlink: { file: f }',
    '{ unlink: { file: f } }',
  ),
};

const workloadOf = (row: string) =>
  parseWorkload(`name: explored
filesystem: { sizeBytes: 1Mi, files: { a: 3p, f: { sizeBytes: 3p, fill: absent } } }
durationMs: 1500
actors:
${actorsOf[row]}
`).workload;

/**
 * Ends for which a step of one call must come between two steps of another: the page is mapped
 * again between the scan and the sleep. The lab runs each call until it ends or sleeps.
 */
const withinCalls: Readonly<Record<string, Partial<Record<Column, Verdict[]>>>> = {
  S07: { 'break-layouts modern': ['hangs'] },
  'S07, ended': { 'break-layouts modern': ['hangs'] },
};

/** The ends that a run shows, besides calls that complete. */
function endsOf({ machine, callers, others, space }: RunFigures): Verdict[] {
  const stuck = [...Object.values(callers), ...Object.values(others)]
    .flatMap(({ neverEnded }) => neverEnded)
    .map(({ reason }) => reason);
  const ends: [Verdict, boolean][] = [
    ['deadlock', machine.deadlocks > 0 || stuck.includes('deadlock')],
    ['hangs', stuck.includes('hang')],
    ['starves', stuck.includes('starvation')],
    ['frees under the pin', space.freedUnderPin > 0],
  ];
  return ends.flatMap(([end, shown]) => (shown ? [end] : []));
}

type Ends = Record<string, Verdict[]>;

function shown(workload: Workload, seeds: number): Ends {
  const endsUnder = (column: Column): Verdict[] => {
    const ends = new Set<Verdict>();
    for (let seed = 1; seed <= seeds; seed++) {
      const { figures } = runOne(workload, { seed, strategy: choiceOf(column, workload) });
      for (const end of endsOf(figures)) ends.add(end);
    }
    return [...ends].sort();
  };
  return Object.fromEntries(everyColumn.map((column) => [column, endsUnder(column)]));
}

/** What the explorer found in any of these rows, besides calls that complete. */
function told(rows: readonly string[]): Ends {
  const endsUnder = (column: Column): Verdict[] => {
    const ends = rows.flatMap((row) =>
      verdictsTold(row, column).filter(
        (verdict) => withinCalls[row]?.[column]?.includes(verdict) !== true,
      ),
    );
    return [...new Set(ends)].filter((verdict) => verdict !== 'completes').sort();
  };
  return Object.fromEntries(everyColumn.map((column) => [column, endsUnder(column)]));
}

test.each(Object.keys(actorsOf))('a workload of the shape of %s', (row) => {
  expect(shown(workloadOf(row), 6)).toEqual(told([row]));
});

// Several drivers pin the same pages, so one maps again what another has pinned: S06, too.
test.each([
  ['gup-two-pages', ['S01', 'S06', 'S09']],
  ['leapfrog', ['S07']],
  ['vm-memory', ['S04', 'S06']],
  ['thumbnailer', ['S11']],
])('preset %s ends as in %j', (name, rows) => {
  const { workload } = parseWorkload(presets.get(name)?.text ?? '');
  workload.durationMs = Math.min(workload.durationMs, 3000);
  expect(shown(workload, 8)).toEqual(told(rows));
});
