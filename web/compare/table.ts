// A comparison as a table for people: a column for each strategy, a row for each operation and for
// each figure, and the main difference in a sentence.
import type { Schemas } from '../api/schemas.ts';
import { countText, durationText, plural } from '../parts/words.ts';

export type Strategy = Schemas['Comparison']['strategies'][number];
export type Played = Strategy['operations'][number];

export interface Cell {
  text: string;
  /** Small lines below. */
  details: readonly string[];
  tone: 'good' | 'bad' | 'wait' | 'deadlock' | 'plain';
}

export interface Row {
  key: string;
  label: string;
  /** What the row means, for the tooltip. */
  doc?: string;
  /** Right-aligned. */
  isFigure: boolean;
  /** In the order of the strategies. */
  cells: readonly Cell[];
}

const wordOf = (cell: Cell): string => [cell.text, ...cell.details].join('\n');

/**
 * Whether the cells of a row are not all the same, and which differ from the others: from that of
 * the strategy in force, or, where there is none, from what most have.
 */
export function differences(cells: readonly Cell[], now: number): boolean[] {
  const words = cells.map(wordOf);
  const count = (word: string) => words.filter((other) => other === word).length;
  const most = words.reduce((a, b) => (count(b) > count(a) ? b : a), words[0] ?? '');
  const usual = words[now] ?? most;
  return words.map((word) => word !== usual);
}

export function operationRows(strategies: readonly Strategy[]): Row[] {
  const ids = new Map<string, Played>();
  for (const { operations } of strategies)
    for (const played of operations) if (!ids.has(played.id)) ids.set(played.id, played);
  return [...ids.values()].map(({ id, op, owner, file }) => ({
    key: id,
    label: [op, file === null ? '' : `of ${file}`, owner === null ? '' : `by ${owner}`]
      .filter(Boolean)
      .join(' '),
    doc: id,
    isFigure: false,
    cells: strategies.map((strategy) =>
      cellOf(
        strategy,
        strategy.operations.find((played) => played.id === id),
      ),
    ),
  }));
}

function cellOf({ refused }: Strategy, played: Played | undefined): Cell {
  if (refused !== undefined) return { text: '–', details: [], tone: 'plain' };
  if (played === undefined) return { text: 'not called', details: [], tone: 'plain' };
  const { sleptMs, blockedBy } = played;
  const slept = sleptMs === 0 ? [] : [`slept ${durationText(sleptMs)}`];
  return { ...outcomeOf(played), details: [...slept, ...blockedBy.map(blockedText)] };
}

function outcomeOf({ outcome, errno, stuck }: Played): Pick<Cell, 'text' | 'tone'> {
  if (stuck === 'deadlock') return { text: '∞ deadlock', tone: 'deadlock' };
  if (stuck === 'hangs') return { text: '⊘ hangs', tone: 'bad' };
  if (outcome === 'done') return { text: '✓ done', tone: 'good' };
  if (outcome === 'failed') return { text: `✗ ${errno ?? 'failed'}`, tone: 'bad' };
  if (outcome === 'cancelled') return { text: `∅ ${errno ?? 'cancelled'}`, tone: 'plain' };
  return outcome === 'sleeping'
    ? { text: '… still sleeps', tone: 'wait' }
    : { text: 'R still runs', tone: 'plain' };
}

function blockedText({ owner, pin, operation, lock, mapping, ms }: Played['blockedBy'][number]) {
  const of = owner === null ? '' : ` of ${owner}`;
  const time = ms === 0 ? '' : `, ${durationText(ms)}`;
  if (pin !== undefined) return `waited for ${pin}${of}${time}`;
  if (mapping !== undefined) return `waited for ${mapping}${of}${time}`;
  return `waited for ${lock ?? 'a lock'}, held by ${operation ?? 'another'}${of}${time}`;
}

interface Figure {
  label: string;
  doc: string;
  of: (strategy: Strategy) => number;
  text?: (value: number) => string;
  /** More than 0 is bad. */
  isHarm?: true;
}

const figures: readonly Figure[] = [
  {
    label: 'Slept, all together',
    doc: 'The time of the filesystem that operations slept.',
    of: ({ operations }) => operations.reduce((sum, { sleptMs }) => sum + sleptMs, 0),
    text: durationText,
  },
  {
    label: 'Deadlocks',
    doc: 'Circles of waits that were completed.',
    of: ({ deadlocks }) => deadlocks,
    isHarm: true,
  },
  {
    label: 'Hangs',
    doc: 'Operations that sleep at the end on a page that nobody has pinned.',
    of: ({ hangs }) => hangs,
    isHarm: true,
  },
  {
    label: 'Blocks held back, at most',
    doc: 'Blocks that had left their file and could not be allocated yet.',
    of: ({ blocksHeldBack }) => blocksHeldBack.peak,
  },
  {
    label: 'Blocks held back, block·ms',
    doc: 'Their sum over time: blocks times milliseconds.',
    of: ({ blocksHeldBack }) => blocksHeldBack.blockMs,
  },
  {
    label: 'Freed under a pin',
    doc: 'Blocks that were freed, moved or zeroed although a device had them pinned.',
    of: ({ freedUnderPin }) => freedUnderPin,
    isHarm: true,
  },
  {
    label: 'DMA lost',
    doc: 'Pages that a device wrote after no file owned their block any more.',
    of: ({ dmaLost }) => dmaLost,
    isHarm: true,
  },
  {
    label: 'DMA into others',
    doc: 'Pages that a device wrote after their block belonged to another file or offset.',
    of: ({ dmaForeign }) => dmaForeign,
    isHarm: true,
  },
];

export const figureRows = (strategies: readonly Strategy[]): Row[] =>
  figures.map(({ label, doc, of, text = countText, isHarm }) => ({
    key: label,
    label,
    doc,
    isFigure: true,
    cells: strategies.map((strategy) => {
      if (strategy.refused !== undefined) return { text: '–', details: [], tone: 'plain' };
      const value = of(strategy);
      const tone = isHarm === true && value > 0 ? 'bad' : 'plain';
      return { text: text(value), details: [], tone };
    }),
  }));

const waitsForPin = ({ operations }: Strategy): boolean =>
  operations.some(({ blockedBy }) => blockedBy.some(({ pin }) => pin !== undefined));
const errnosOf = ({ operations }: Strategy): string[] => [
  ...new Set(operations.flatMap(({ errno }) => errno ?? [])),
];

/** `a`, `a and b`, `a, b and c`. */
const listText = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The most important differences, in at most three sentences. */
export function mainDifference(strategies: readonly Strategy[]): string {
  const played = strategies.filter(({ refused }) => refused === undefined);
  const those = (has: (strategy: Strategy) => boolean) => played.filter(has);
  const isSome = (some: readonly Strategy[]) => some.length > 0 && some.length < played.length;
  const names = (some: readonly Strategy[]) => listText(some.map(({ strategy }) => strategy));
  const sentences: string[] = [];
  const deadlocked = those(({ deadlocks }) => deadlocks > 0);
  if (isSome(deadlocked)) sentences.push(`Under ${names(deadlocked)} it ends in a deadlock.`);
  const hanging = those(({ hangs }) => hangs > 0);
  if (isSome(hanging)) sentences.push(`Under ${names(hanging)} an operation hangs.`);
  const freeing = those(({ freedUnderPin }) => freedUnderPin > 0);
  if (isSome(freeing)) {
    const blocks = plural(Math.max(...freeing.map(({ freedUnderPin }) => freedUnderPin)), 'block');
    sentences.push(`Under ${names(freeing)}, ${blocks} left the file under a pin.`);
  }
  const waiting = those(waitsForPin);
  if (isSome(waiting)) sentences.push(`Under ${names(waiting)} an operation waits for a pin.`);
  const holding = those(({ blocksHeldBack }) => blocksHeldBack.peak > 0);
  if (isSome(holding)) sentences.push(`Under ${names(holding)} only the space waits.`);
  for (const errno of new Set(played.flatMap(errnosOf))) {
    const failing = those((strategy) => errnosOf(strategy).includes(errno));
    if (isSome(failing)) sentences.push(`Under ${names(failing)} a call fails with ${errno}.`);
  }
  if (sentences.length > 0) return sentences.slice(0, 3).join(' ');
  const rows = [...operationRows(played), ...figureRows(played)];
  return rows.some(({ cells }) => differences(cells, -1).includes(true))
    ? 'The strategies differ in how long operations sleep.'
    : 'All strategies do the same.';
}
