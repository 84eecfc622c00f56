// What a seed decides before the first command: the machine, its owners, the operations that are
// used, and how tasks are chosen.
import type { Kind, LinuxVersion } from '../../src/kernel/state.ts';
import type { Choice } from '../machine.ts';
import type { Prng } from './prng.ts';

/**
 * Who takes the next step: anyone; whoever has the highest priority, with a few changes of it;
 * anyone but one of the owners.
 */
export type SchedulerKind =
  | { by: 'uniform' }
  | { by: 'priorities'; changes: number }
  | { by: 'starving'; victim: number };

export interface Config {
  kind: Kind;
  kernel: LinuxVersion;
  strategy: Choice;
  blocks: number;
  waitqueue: { buckets: number; keyed: boolean };
  folioGranularity: boolean;
  extentMaxZerooutKb: number;
  persistenceDomain: 'adr' | 'eadr';
  owners: number;
  files: number;
  /** Pages that a file is begun with and mapped over. */
  pages: number;
  /** Each owner holds one page at a time, and lets it go when another holds one. */
  leapfrog: boolean;
  /** Commands of the owners and of the world round them in the first phase. */
  commands: number;
  scheduler: SchedulerKind;
  /** Somebody keeps changing the strategy. */
  changing: boolean;
  /** The power goes often. */
  outages: boolean;
  /** Sectors of the device go bad. */
  poison: boolean;
  /** One mapping in so many is private. */
  privateOneIn: number;
  /** One call in so many would rather fail than be in a deadlock. */
  deadlockOneIn: number;
  /** How often each verb is chosen; 0 is masked. */
  weights: Record<Verb, number>;
}

/** Everything that a simulated owner, or the world, can do. */
export const verbs = [
  'pin',
  'unpin',
  'truncate',
  'punch-hole',
  'zero-range',
  'collapse-range',
  'insert-range',
  'exchange-range',
  'allocate',
  'write',
  'replace',
  'read',
  'load',
  'store',
  'fault',
  'dma-write',
  'dma-read',
  'mmap',
  'munmap',
  'create',
  'unlink',
  'flush',
  'rename',
] as const;
export type Verb = (typeof verbs)[number];

const usual: Record<Verb, number> = {
  pin: 12,
  unpin: 9,
  truncate: 7,
  'punch-hole': 7,
  'zero-range': 4,
  'collapse-range': 3,
  'insert-range': 3,
  'exchange-range': 4,
  allocate: 3,
  write: 4,
  replace: 2,
  read: 4,
  load: 2,
  store: 4,
  fault: 5,
  'dma-write': 5,
  'dma-read': 3,
  mmap: 3,
  munmap: 2,
  create: 2,
  unlink: 2,
  flush: 3,
  rename: 2,
};

/** Corners that chance alone comes to once in a thousand seeds. */
const themes: readonly {
  weights: Partial<Record<Verb, number>>;
  strategy?: Choice;
  kind?: Kind;
  full?: true;
  changing?: true;
  /** Everybody at one page of many mappings. */
  crowded?: true;
  /** Two pages are held in turn: nobody lets go before another holds one. */
  leapfrog?: true;
  /** Three files, and whoever sleeps on a page of them does so in one bucket without keys. */
  oneBucket?: true;
  oneFile?: true;
  outages?: true;
  privateOneIn?: number;
  deadlockOneIn?: number;
}[] = [
  // Always somebody new holds a page of the one that is waited for.
  {
    weights: { pin: 12, unpin: 40, 'dma-write': 4, 'punch-hole': 4 },
    strategy: { name: 'break-layouts', idleRule: 'fixed' },
    leapfrog: true,
  },
  // No block is free but those that pins keep busy.
  {
    weights: { pin: 12, unpin: 8, 'punch-hole': 8, truncate: 4, write: 6, store: 4, allocate: 4 },
    strategy: { name: 'busy-extents' },
    full: true,
  },
  // What was unmapped is mapped again while it is waited for.
  {
    weights: { pin: 8, unpin: 8, fault: 12, load: 6, truncate: 5, 'punch-hole': 5 },
    strategy: { name: 'break-layouts', idleRule: 'modern' },
  },
  // What one strategy would have parked, the next must wait for.
  {
    weights: { pin: 12, unpin: 5, truncate: 6, 'punch-hole': 8, write: 4 },
    strategy: { name: 'busy-extents' },
    changing: true,
  },
  // Two files, and who spins between them.
  { weights: { pin: 10, unpin: 6, 'exchange-range': 10, write: 4, truncate: 3 }, kind: 'xfs' },
  // Private copies, and a file that moves under them.
  {
    weights: {
      mmap: 6,
      store: 10,
      load: 6,
      'collapse-range': 6,
      'insert-range': 6,
      truncate: 5,
      'punch-hole': 2,
      write: 3,
      pin: 3,
      unpin: 3,
    },
    privateOneIn: 2,
  },
  // Several files, and a wake-up that is for all who sleep.
  {
    weights: { pin: 10, unpin: 3, 'punch-hole': 10, truncate: 5, write: 4 },
    strategy: { name: 'break-layouts', idleRule: 'fixed' },
    oneBucket: true,
  },
  // Pins of several pages that wait half-way, for a change that waits for what they have.
  {
    weights: { pin: 14, unpin: 8, 'punch-hole': 10, truncate: 2, write: 6 },
    strategy: { name: 'wait-for-refs' },
    oneFile: true,
    deadlockOneIn: 1,
  },
  // A mapping goes while its faults queue up behind another's.
  { weights: { fault: 14, mmap: 12, munmap: 10, pin: 1 }, crowded: true },
  // What was flushed stays, and what was not may go.
  {
    weights: {
      store: 14,
      flush: 10,
      mmap: 6,
      load: 2,
      write: 2,
      'punch-hole': 1,
      truncate: 1,
      pin: 1,
    },
    outages: true,
  },
  // Stores behind the end of a file, and writes that go on behind them: what ext4 of 6.12 shows.
  {
    weights: { store: 12, write: 12, load: 4, read: 3, truncate: 2, mmap: 4, pin: 1 },
    kind: 'ext4',
  },
];

/** Strategies that never free a block under a pin. */
export const safeChoices: readonly Choice[] = [
  { name: 'busy-extents' },
  { name: 'wait-for-refs' },
  { name: 'wait-for-refs', newRefs: 'fail' },
  { name: 'detach-and-wait' },
  { name: 'break-layouts', idleRule: 'modern' },
  { name: 'break-layouts', idleRule: 'fixed' },
  { name: 'break-layouts', idleRule: 'fixed', breakScope: 'range' },
  { name: 'break-layouts', idleRule: 'modern', breakScope: 'range' },
  { name: 'refuse' },
  { name: 'busy-extents', longterm: 'allow' },
  { name: 'detach-and-wait', longterm: 'allow' },
];
const otherChoices: readonly Choice[] = [
  { name: 'break-layouts', idleRule: 'classic' },
  { name: 'none' },
];

/**
 * True where the strategy, by what it is, frees blocks under pins: no other follows it, or contents
 * would be anybody's under that one too.
 */
export const mayFreeUnderPins = ({ strategy, kernel }: Config): boolean =>
  strategy.name === 'none' ||
  strategy.idleRule === 'classic' ||
  (kernel === '6.12' && strategy.name === 'break-layouts');

/**
 * What may follow another strategy: 6.12 looks past the pins of a file that nobody has mapped, when
 * it breaks layouts.
 */
export const choicesFor = ({ kernel }: Pick<Config, 'kernel'>): readonly Choice[] =>
  safeChoices.filter(({ name }) => kernel !== '6.12' || name !== 'break-layouts');

export function configOf(random: Prng): Config {
  const theme = random.oneIn(3) ? random.pick(themes) : null;
  const odd = random.oneIn(12);
  const strategy = theme?.strategy ?? (odd ? random.pick(otherChoices) : random.pick(safeChoices));
  const busyState = strategy.name === 'busy-extents' || strategy.name === 'detach-and-wait';
  const rare = theme === null && !busyState && random.oneIn(16);
  const kind = rare ? 'ext2' : (theme?.kind ?? random.pick(['xfs', 'xfs', 'ext4'] as const));
  const kernel = rare ? '6.12' : random.pick(['7.3', '7.3', '6.12'] as const);
  const owners = theme?.crowded || theme?.oneBucket ? 5 : theme?.leapfrog ? 4 : 2 + random.below(4);
  const files =
    theme?.crowded || theme?.leapfrog || theme?.oneFile
      ? 1
      : theme?.oneBucket
        ? 3
        : theme?.kind === 'xfs'
          ? 2
          : 1 + random.below(3);
  const pages = theme?.crowded ? 1 : theme?.leapfrog ? 2 : 2 + random.below(4);
  const weights = Object.fromEntries(
    verbs.map((verb) => [verb, theme === null ? swarm(random, verb) : (theme.weights[verb] ?? 0)]),
  ) as Config['weights'];
  if (weights.pin === 0) weights.pin = usual.pin;
  const schedulers: SchedulerKind[] = [
    { by: 'uniform' },
    { by: 'uniform' },
    { by: 'priorities', changes: 1 + random.below(4) },
    { by: 'starving', victim: random.below(owners) },
  ];
  return {
    kind,
    kernel,
    strategy,
    blocks: 16 + (theme?.full ? 0 : random.below(16)),
    waitqueue: theme?.oneBucket
      ? { buckets: 1, keyed: false }
      : { buckets: random.pick([1, 2, 4, 256]), keyed: !random.oneIn(3) },
    folioGranularity: random.oneIn(4),
    extentMaxZerooutKb: kind === 'ext4' ? random.pick([0, 0, 8, 32]) : 0,
    persistenceDomain: random.oneIn(4) && theme?.outages !== true ? 'eadr' : 'adr',
    owners,
    files,
    pages,
    leapfrog: theme?.leapfrog === true,
    commands: theme?.crowded || theme?.leapfrog ? 150 : 24 + random.below(40),
    scheduler: random.pick(schedulers),
    changing: theme?.changing === true,
    outages: theme?.outages === true,
    poison: random.oneIn(8),
    privateOneIn: theme?.privateOneIn ?? 5,
    deadlockOneIn: theme?.deadlockOneIn ?? 5,
    weights,
  };
}

function swarm(random: Prng, verb: Verb): number {
  if (random.oneIn(3)) return 0;
  return usual[verb] * (random.oneIn(4) ? 3 : 1);
}
