// Random commands for a machine with small files, few owners and a nearly full device, so that they
// collide. A command refers to objects by a number, taken modulo the number of objects that exist
// when it runs.
import fc from 'fast-check';
import type { TaskId } from '../../src/kernel/units.ts';
import { type By, type Choice, type Machine, page, type Ran } from '../machine.ts';

const nat = (max: number) => fc.nat({ max });
const owner = fc.constantFrom('G', 'H', 'T', undefined);
/** Mostly at a page, sometimes inside or at the end of one. */
const place = (pages: number) =>
  fc.oneof(
    { weight: 3, arbitrary: nat(pages).map((n) => n * page) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(nat(pages), fc.constantFrom(1, 100, 2048, page - 1))
        .map(([n, more]) => n * page + more),
    },
  );
const by = fc.record({
  owner,
  nowait: fc.constantFrom(false, false, false, false, false, true),
  timeoutMs: fc.constantFrom(undefined, undefined, undefined, 5),
  failOnDeadlock: fc.constantFrom(false, false, true),
});
const range = { file: nat(2), offset: place(10), length: place(5), by };

const kinds = {
  create: fc.record({ do: fc.constant('create'), file: nat(2), sizeBytes: place(4) }),
  unlink: fc.record({ do: fc.constant('unlink'), file: nat(2), by }),
  write: fc.record({ do: fc.constant('write'), ...range }),
  replace: fc.record({ do: fc.constant('replace'), file: nat(2), length: place(5), by }),
  read: fc.record({ do: fc.constant('read'), ...range }),
  truncate: fc.record({ do: fc.constant('truncate'), file: nat(2), sizeBytes: place(10), by }),
  punch: fc.record({ do: fc.constant('punch-hole'), ...range }),
  zero: fc.record({ do: fc.constant('zero-range'), ...range, keepSize: fc.boolean() }),
  collapse: fc.record({ do: fc.constant('collapse-range'), ...range }),
  insert: fc.record({ do: fc.constant('insert-range'), ...range }),
  exchange: fc.record({
    do: fc.constant('exchange-range'),
    file: nat(2),
    other: nat(2),
    offset: nat(4).map((n) => n * page),
    withOffset: nat(4).map((n) => n * page),
    length: fc.oneof(
      { weight: 4, arbitrary: nat(3).map((n) => n * page) },
      { weight: 1, arbitrary: place(5) },
    ),
    by,
  }),
  allocate: fc.record({ do: fc.constant('allocate'), ...range, keepSize: fc.boolean() }),
  mmap: fc.record({
    do: fc.constant('mmap'),
    file: nat(2),
    first: nat(2),
    pages: fc.integer({ min: 1, max: 8 }),
    owner,
  }),
  munmap: fc.record({ do: fc.constant('munmap'), mapping: nat(9), by }),
  fault: fc.record({
    do: fc.constant('fault'),
    mapping: nat(9),
    at: nat(7),
    pages: fc.integer({ min: 1, max: 3 }),
    write: fc.boolean(),
    by,
  }),
  load: fc.record({ do: fc.constant('load'), mapping: nat(9), at: nat(7), by }),
  store: fc.record({
    do: fc.constant('store'),
    mapping: nat(9),
    at: nat(4),
    inPage: fc.constantFrom(0, 1, 100, 2000, 4000),
    by,
  }),
  pin: fc.record({
    do: fc.constant('pin'),
    mapping: nat(9),
    at: nat(7),
    pages: fc.integer({ min: 1, max: 3 }),
    write: fc.boolean(),
    holdMs: fc.constantFrom(undefined, undefined, 3, 20),
    longterm: fc.constantFrom(false, false, false, true),
    by,
  }),
  unpin: fc.record({ do: fc.constant('unpin'), pin: nat(9) }),
  dma: fc.record({
    do: fc.constant('dma-write'),
    pin: nat(9),
    at: nat(2),
    inPage: fc.constantFrom(0, 1, 100, 4000),
  }),
  dmaRead: fc.record({ do: fc.constant('dma-read'), pin: nat(9) }),
  cancel: fc.record({ do: fc.constant('cancel'), operation: nat(9), restart: fc.boolean() }),
  advance: fc.record({ do: fc.constant('advance'), ms: fc.constantFrom(1, 4, 30) }),
  strategy: fc.record({ do: fc.constant('strategy'), choice: nat(19) }),
  step: fc.record({ do: fc.constant('step'), task: nat(9) }),
} as const;

export type RandomCommand = {
  [K in keyof typeof kinds]: (typeof kinds)[K] extends fc.Arbitrary<infer T> ? T : never;
}[keyof typeof kinds];

const weights: Record<keyof typeof kinds, number> = {
  create: 3,
  unlink: 2,
  write: 5,
  replace: 2,
  read: 3,
  truncate: 5,
  punch: 6,
  zero: 4,
  collapse: 3,
  insert: 3,
  exchange: 5,
  allocate: 3,
  mmap: 4,
  munmap: 2,
  fault: 4,
  load: 2,
  store: 4,
  pin: 10,
  unpin: 8,
  dma: 5,
  dmaRead: 1,
  cancel: 3,
  advance: 3,
  strategy: 1,
  step: 0,
};

/** `steps`: how often a command is one step of a stepped scheduler. */
export function commands(maxLength: number, steps = 0): fc.Arbitrary<RandomCommand[]> {
  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  const arbitraries = names.map((name) => ({
    weight: name === 'step' ? steps : weights[name],
    arbitrary: kinds[name] as fc.Arbitrary<RandomCommand>,
  }));
  return fc.array(fc.oneof(...arbitraries), { minLength: 12, maxLength, size: 'max' });
}

/** Pages round the ends of aligned 2 MiB, in place of pages 0 to 10. */
const corners = [0, 1, 2, 510, 511, 512, 513, 700, 1023, 1024, 1030];
const cornerOf = (pages: number): number => corners[pages % corners.length] as number;
const spreadBytes = (bytes: number): number =>
  cornerOf(Math.floor(bytes / page)) * page + (bytes % page);

/**
 * The same command over files of some MiB. What is replaced, created or preallocated is large, the
 * rest small and near the corners.
 */
export function spread(command: RandomCommand): RandomCommand {
  switch (command.do) {
    case 'truncate':
      return { ...command, sizeBytes: spreadBytes(command.sizeBytes) };
    case 'create':
      return { ...command, sizeBytes: spreadBytes(command.sizeBytes + 5 * page) };
    case 'replace':
      return { ...command, length: spreadBytes(command.length + 5 * page) };
    case 'write':
    case 'allocate':
    case 'zero-range': {
      const long = command.length >= 4 * page;
      return {
        ...command,
        offset: long ? 0 : spreadBytes(command.offset),
        length: long ? 520 * page : command.length,
      };
    }
    case 'read':
    case 'punch-hole':
    case 'collapse-range':
    case 'insert-range':
      return { ...command, offset: spreadBytes(command.offset) };
    case 'exchange-range': {
      const { offset, withOffset, length } = command;
      const long = length >= 2 * page;
      return {
        ...command,
        offset: spreadBytes(offset),
        withOffset: spreadBytes(withOffset),
        length: long ? 512 * page : length,
      };
    }
    case 'mmap':
      return {
        ...command,
        first: cornerOf(command.first + (command.pages % 2) * 3),
        pages: command.pages * 140,
      };
    case 'fault':
    case 'load':
    case 'store':
    case 'pin':
      return { ...command, at: cornerOf(command.at) };
    default:
      return command;
  }
}

const safeChoices: Choice[] = [
  { name: 'busy-extents' },
  { name: 'wait-for-refs' },
  { name: 'wait-for-refs', newRefs: 'fail' },
  { name: 'detach-and-wait' },
  { name: 'break-layouts', idleRule: 'modern' },
  { name: 'break-layouts', idleRule: 'fixed' },
  { name: 'break-layouts', idleRule: 'fixed', breakScope: 'range' },
  { name: 'refuse' },
  { name: 'busy-extents', longterm: 'allow' },
];

const nameOf = (file: number): string => ['a', 'b', 'c'][file] as string;

/** The nth of the keys that a map has, if it has any. */
function pick<K>(map: ReadonlyMap<K, unknown>, n: number): K | undefined {
  return [...map.keys()][map.size === 0 ? 0 : n % map.size];
}

const strip = ({
  owner: name,
  timeoutMs,
  ...flags
}: { [K in keyof By]: By[K] | undefined }): By => ({
  ...(name === undefined ? {} : { owner: name }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(flags.nowait === true ? { nowait: true } : {}),
  ...(flags.failOnDeadlock === true ? { failOnDeadlock: true } : {}),
});

/**
 * Runs one; `fill` is the byte that it writes. Null where there is nothing that it could act on.
 */
export function perform(m: Machine, command: RandomCommand, fill: number): Ran | null {
  const filled = (length: number): Uint8Array => new Uint8Array(length).fill(fill);
  if ('file' in command) return performOnFile(m, command, filled);
  switch (command.do) {
    case 'munmap':
    case 'fault':
    case 'load':
    case 'store':
    case 'pin': {
      const mapping = pick(m.k.mappings, command.mapping);
      return mapping === undefined ? null : performOnMapping(m, mapping, command, filled);
    }
    case 'unpin':
    case 'dma-write':
    case 'dma-read': {
      const pin = pick(m.k.pins, command.pin);
      if (pin === undefined) return null;
      if (command.do === 'unpin') return m.unpin(pin);
      if (command.do === 'dma-read') return m.dmaRead(pin);
      return m.dmaWrite(pin, filled(90), command.at * page + command.inPage);
    }
    case 'cancel': {
      const operation = pick(m.k.tasks, command.operation);
      return operation === undefined ? null : m.cancel(operation, command.restart);
    }
    case 'advance':
      return m.advance(command.ms);
    case 'strategy':
      return m.strategy(safeChoices[command.choice % safeChoices.length] as Choice);
    case 'step': {
      const runnable: (TaskId | 'kworker')[] = [...m.k.runnable];
      if (m.k.workqueue.length > 0) runnable.push('kworker');
      const chosen = runnable[command.task % Math.max(1, runnable.length)];
      return chosen === undefined ? null : m.step(chosen);
    }
  }
}

type OnFile = Extract<RandomCommand, { file: number }>;
type OnMapping = Extract<RandomCommand, { mapping: number }>;

function performOnFile(m: Machine, command: OnFile, filled: (length: number) => Uint8Array): Ran {
  const file = nameOf(command.file);
  switch (command.do) {
    case 'create':
      return m.create(file, command.sizeBytes);
    case 'mmap': {
      const { first, pages, owner: name } = command;
      const given = { offset: first * page, length: pages * page, access: 'read-write' };
      return m.call('mmap', { file }, given, name === undefined ? {} : { owner: name });
    }
    case 'unlink':
      return m.unlink(file, strip(command.by));
    case 'replace':
      return m.write(file, filled(command.length), undefined, strip(command.by));
    case 'write':
      return m.write(file, filled(command.length), command.offset, strip(command.by));
    case 'read':
      return m.read(file, command.offset, command.length, strip(command.by));
    case 'truncate':
      return m.truncate(file, command.sizeBytes, strip(command.by));
    case 'punch-hole':
    case 'collapse-range':
    case 'insert-range': {
      const { offset, length } = command;
      return m.call(command.do, { file }, { offset, length }, strip(command.by));
    }
    case 'exchange-range': {
      const { other, offset, withOffset, length } = command;
      return m.exchange(file, nameOf(other), { offset, withOffset, length }, strip(command.by));
    }
    case 'zero-range':
    case 'allocate': {
      const { offset, length, keepSize } = command;
      return m.call(command.do, { file }, { offset, length, keepSize }, strip(command.by));
    }
  }
}

function performOnMapping(
  m: Machine,
  mapping: number,
  command: OnMapping,
  filled: (length: number) => Uint8Array,
): Ran {
  const options = strip(command.by);
  switch (command.do) {
    case 'munmap':
      return m.munmap(mapping, options);
    case 'fault':
      return m.fault(
        mapping,
        command.at * page,
        command.write ? 'write' : 'read',
        options,
        command.pages * page,
      );
    case 'load':
      return m.load(mapping, command.at * page, page, options);
    case 'store':
      return m.store(mapping, command.at * page + command.inPage, filled(90), options);
    case 'pin': {
      const { at, pages, write, holdMs, longterm } = command;
      const more = {
        access: write ? 'write' : 'read',
        longterm,
        ...(holdMs === undefined ? {} : { holdMs }),
      };
      return m.pin(mapping, at * page, pages * page, options, more);
    }
  }
}
