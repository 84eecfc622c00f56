// Hold and think times out of a trace of a real machine: text of trace-cmd report or of the file
// `trace` of ftrace, or two columns of times. A hold is the time from an event that begins it to
// the event that ends it; a think is the time from then to the next begin of the same thread.
import { Document, isPair, isScalar, visit } from 'yaml';
import { LabError, type Mistake } from './lab-error.ts';
import { noSuch } from './nearest.ts';

export interface ImportOptions {
  /** Names of events, without their subsystem. Both or neither. */
  begin?: string;
  end?: string;
  /** The field that a begin and its end share, such as addr; without it the thread. */
  key?: string;
  /** The unit of two columns of times. ftrace prints seconds. */
  unit?: keyof typeof unitMs;
}

export const unitMs = { s: 1000, ms: 1, us: 0.001 } as const;

/** Times in milliseconds, ascending. */
export type Times = readonly number[];

export interface Imported {
  /** The events that were paired; null for two columns. */
  events: { begin: string; end: string } | null;
  holds: Times;
  thinks: Times;
  /** Threads that began a hold. */
  threads: number;
  /** Begins without an end and ends without a begin: the trace began or stopped between them. */
  unpaired: { begins: number; ends: number };
}

interface TraceLine {
  pid: string;
  atMs: number;
  event: string;
  rest: string;
}

/** `fio-812 [001] d..1. 1234.567890: block:block_rq_issue: 259,0 R 4096 () 2048 + 8 [fio]` */
const traceLine = new RegExp(
  [
    /^.*-(?<pid>\d+)\s+(?:\([\s\d-]+\)\s*)?\[\d+\]\s+/,
    /(?:[^\s\d:]\S*\s+)?(?<at>\d+\.\d+):\s+/,
    /(?:\w+:(?=\w))?(?<event>\w+):?\s*(?<rest>.*)$/,
  ]
    .map(({ source }) => source)
    .join(''),
);

interface Pair {
  begin: string;
  end: string;
  keyOf(line: TraceLine): string;
}

const thread = ({ pid }: TraceLine): string => pid;
/** `259,0 R 4096 () 2048 + 8 [fio]`: the device, and the sector at which the request begins. */
const request = ({ rest }: TraceLine): string =>
  `${/^\S+/.exec(rest)?.[0]} ${/(\d+) \+ \d+/.exec(rest)?.[1]}`;

/** Pairs that are known by name: how long pages of a user stay pinned for them. */
const knownPairs: readonly Pair[] = [
  { begin: 'block_rq_issue', end: 'block_rq_complete', keyOf: request },
  { begin: 'ib_umem_get', end: 'ib_umem_release', keyOf: thread },
  { begin: 'pin_user_pages_fast', end: 'unpin_user_pages', keyOf: thread },
  { begin: 'pin_user_pages', end: 'unpin_user_pages', keyOf: thread },
];

/** Throws a LabError that says what is missing. */
export function importTrace(text: string, options: ImportOptions = {}): Imported {
  const lines = text.split(/\r?\n/);
  const traced = lines.flatMap((line): TraceLine[] => {
    const { pid, at, event, rest } = traceLine.exec(line)?.groups ?? {};
    if (pid === undefined || at === undefined || event === undefined) return [];
    return [{ pid, atMs: Number(at) * 1000, event, rest: rest ?? '' }];
  });
  if (traced.length === 0) return ofColumns(lines, options);
  const pair = pairOf(traced, options);
  const imported = ofEvents(traced, pair);
  if (imported.holds.length === 0)
    throw wrong(
      `no ${pair.begin} is followed by a ${pair.end} of the same ` +
        `${options.key ?? 'thread or request'}; name the field that they share with --key`,
    );
  return imported;
}

const wrong = (message: string, where: Partial<Mistake> = {}): LabError =>
  new LabError([{ path: '', message, ...where }]);

function pairOf(traced: readonly TraceLine[], { begin, end, key }: ImportOptions): Pair {
  const counts = new Map<string, number>();
  for (const { event } of traced) counts.set(event, (counts.get(event) ?? 0) + 1);
  const names = [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([name]) => name);
  if (begin === undefined && end === undefined) {
    const known = knownPairs.find((pair) => counts.has(pair.begin) && counts.has(pair.end));
    if (known !== undefined) return key === undefined ? known : { ...known, keyOf: fieldOf(key) };
    throw wrong(
      `none of the pairs of events that the lab knows is in the trace; say which events begin ` +
        `and end a hold with --begin and --end. Most frequent here: ` +
        names.slice(0, 8).join(', '),
    );
  }
  if (begin === undefined || end === undefined)
    throw wrong('--begin and --end belong together: a hold lasts from one event to the other');
  for (const name of [begin, end])
    if (!counts.has(name)) throw wrong(noSuch('event in the trace', name, names));
  return { begin, end, keyOf: key === undefined ? thread : fieldOf(key) };
}

/** The value after `name=` or `name `. */
function fieldOf(name: string): (line: TraceLine) => string {
  const field = new RegExp(`(?:^|[\\s(])${name.replace(/\W/g, '\\$&')}[=:\\s]\\s*([^\\s,)]+)`);
  return ({ rest }) => field.exec(rest)?.[1] ?? '';
}

function ofEvents(traced: readonly TraceLine[], { begin, end, keyOf }: Pair): Imported {
  const open = new Map<string, TraceLine[]>();
  const holds: { pid: string; fromMs: number; toMs: number }[] = [];
  let ends = 0;
  for (const line of traced) {
    if (line.event === begin) {
      const key = keyOf(line);
      listIn(open, key).push(line);
    } else if (line.event === end) {
      // The oldest first: one thread may hold several.
      const from = open.get(keyOf(line))?.shift();
      if (from === undefined) ends += 1;
      else holds.push({ pid: from.pid, fromMs: from.atMs, toMs: line.atMs });
    }
  }
  let begins = 0;
  for (const left of open.values()) begins += left.length;
  return { events: { begin, end }, ...timesOf(holds), unpaired: { begins, ends } };
}

/** `begin end` or `begin,end` in each line, and then the thread if there are several. */
function ofColumns(lines: readonly string[], { unit = 's', ...options }: ImportOptions): Imported {
  if (options.begin !== undefined || options.end !== undefined || options.key !== undefined)
    throw wrong(
      'the file has no line of ftrace or trace-cmd, so --begin, --end and --key mean nothing',
    );
  const holds: { pid: string; fromMs: number; toMs: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const where = { line: index + 1, column: 1 };
    const [from = '', to = '', pid = ''] = line.trim().split(/[\s,;]+/);
    if (from === '' || from.startsWith('#')) continue;
    const [fromMs, toMs] = [Number(from) * unitMs[unit], Number(to) * unitMs[unit]];
    if (to === '' || !Number.isFinite(fromMs) || !Number.isFinite(toMs)) {
      // Names of columns.
      if (holds.length === 0 && !Number.isFinite(fromMs) && index === 0) continue;
      throw wrong(
        'must be two times, the begin and the end of a hold, or a line of ftrace or trace-cmd',
        where,
      );
    }
    if (toMs < fromMs) throw wrong('the hold ends before it begins', where);
    holds.push({ pid, fromMs, toMs });
  }
  if (holds.length === 0) throw wrong('the file has no times');
  return { events: null, ...timesOf(holds), unpaired: { begins: 0, ends: 0 } };
}

function timesOf(
  holds: readonly { pid: string; fromMs: number; toMs: number }[],
): Pick<Imported, 'holds' | 'thinks' | 'threads'> {
  const byThread = new Map<string, { fromMs: number; toMs: number }[]>();
  for (const { pid, ...hold } of holds) listIn(byThread, pid).push(hold);
  const thinks: number[] = [];
  for (const all of byThread.values()) {
    all.sort((a, b) => a.fromMs - b.fromMs);
    let busyUntilMs = Number.NaN;
    for (const { fromMs, toMs } of all) {
      // A hold that begins during another is no time to think.
      if (fromMs >= busyUntilMs) thinks.push(micros(fromMs - busyUntilMs));
      busyUntilMs = Math.max(toMs, Number.isNaN(busyUntilMs) ? 0 : busyUntilMs);
    }
  }
  return {
    holds: ascending(holds.map(({ fromMs, toMs }) => micros(toMs - fromMs))),
    thinks: ascending(thinks),
    threads: byThread.size,
  };
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

const ascending = (times: number[]): Times => times.sort((a, b) => a - b);
/** The lab counts in microseconds. */
const micros = (ms: number): number => Math.round(ms * 1000) / 1000;

/** More of them in the tail, which decides who waits. */
const probabilities = [
  0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999, 1,
];

/** Of ascending values, with straight lines between them. */
export function quantile(values: Times, p: number): number {
  const at = p * (values.length - 1);
  const below = Math.floor(at);
  const low = values[below] as number;
  const high = values[Math.min(below + 1, values.length - 1)] as number;
  return micros(low + (at - below) * (high - low));
}

/** The distribution of a workload: all values of a few, quantiles of many. */
export function distributionOf(
  values: Times,
): { fixed: number } | { empirical: number[] | [number, number][] } {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return { fixed: only };
  if (values.length <= probabilities.length) return { empirical: [...values] };
  return { empirical: probabilities.map((p): [number, number] => [p, quantile(values, p)]) };
}

const inWords = (times: Times): string =>
  `median ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms, ` +
  `longest ${times.at(-1)} ms`;

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** One line for a person: how many there were, and how long they were. */
export function summaryOf({ events, holds, thinks, threads, unpaired }: Imported): string {
  const between = events === null ? '' : ` from ${events.begin} to ${events.end}`;
  const left = unpaired.begins + unpaired.ends;
  return [
    `${counted(holds.length, 'hold')}${between} of ${counted(threads, 'thread')}: ` +
      `${inWords(holds)}.`,
    thinks.length === 0 ? 'No thread held twice.' : `Between them: ${inWords(thinks)}.`,
    ...(left === 0 ? [] : [`Left out without a partner: ${counted(left, 'event')}.`]),
  ].join(' ');
}

/** A workload that holds and thinks as the trace did, while somebody punches holes. */
export function workloadText(imported: Imported, name: string): string {
  const { holds, thinks, threads } = imported;
  const device = [
    { pin: { file: 'data', pages: 1, access: 'write' } },
    { hold: distributionOf(holds) },
    'unpin',
    ...(thinks.length === 0 ? [] : [{ think: distributionOf(thinks) }]),
  ];
  const puncher = [{ 'punch-hole': { file: 'data', pages: 16 } }, { think: { exponential: 100 } }];
  const document = new Document({
    name,
    about: `${summaryOf(imported)} What punches holes is an assumption: change it to what you run.`,
    filesystem: { sizeBytes: '16Mi', files: { data: '1Mi' } },
    durationMs: 10_000,
    actors: { device: { count: Math.min(threads, 64), loop: device }, puncher: { loop: puncher } },
  });
  // A list or a map without others inside is one line, as people write it.
  visit(document, {
    Collection(_, node) {
      node.flow = node.items.every((item) => isScalar(isPair(item) ? item.value : item));
    },
  });
  return document.toString({ lineWidth: 100 });
}
