// What a seed decides before the first command: the machine, who uses it, which operations there are and how tasks are chosen.
import type { Kind, LinuxVersion } from '../../src/kernel/state.ts';
import type { Choice } from '../machine.ts';
import type { Prng } from './prng.ts';

/** Who takes the next step: anyone; whoever has the highest priority, with a few changes of it; anyone but one of the owners. */
export type SchedulerKind = { by: 'uniform' } | { by: 'priorities'; changes: number } | { by: 'starving'; victim: number };

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
  /** Commands of the owners and of the world round them in the first phase. */
  commands: number;
  scheduler: SchedulerKind;
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
};

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
const otherChoices: readonly Choice[] = [{ name: 'break-layouts', idleRule: 'classic' }, { name: 'none' }];

/** True where the strategy, by what it is, frees blocks under pins: it is not asked to keep law 1 once it did. */
export const mayFreeUnderPins = ({ strategy }: Config): boolean => strategy.name === 'none' || strategy.idleRule === 'classic';

export function configOf(random: Prng): Config {
  const odd = random.oneIn(12);
  const strategy = odd ? random.pick(otherChoices) : random.pick(safeChoices);
  const busyState = strategy.name === 'busy-extents' || strategy.name === 'detach-and-wait';
  const rare = !busyState && random.oneIn(16);
  const kind = rare ? 'ext2' : random.pick(['xfs', 'xfs', 'ext4'] as const);
  const kernel = rare ? '6.12' : random.pick(['7.3', '7.3', '6.12'] as const);
  const owners = 2 + random.below(4);
  const weights = Object.fromEntries(
    verbs.map((verb) => [verb, random.oneIn(3) ? 0 : usual[verb] * (random.oneIn(4) ? 3 : 1)]),
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
    blocks: 16 + random.below(16),
    waitqueue: { buckets: random.pick([1, 2, 4, 256]), keyed: !random.oneIn(3) },
    folioGranularity: random.oneIn(4),
    extentMaxZerooutKb: kind === 'ext4' ? random.pick([0, 0, 8, 32]) : 0,
    persistenceDomain: random.oneIn(4) ? 'eadr' : 'adr',
    owners,
    files: 1 + random.below(3),
    pages: 2 + random.below(4),
    commands: 24 + random.below(40),
    scheduler: random.pick(schedulers),
    weights,
  };
}
