// A workload made ready to run: each step of each actor as a function that draws its values.
import type { z } from 'zod';
import { operations } from '../kernel/ops/index.ts';
import { pageSize } from '../kernel/units.ts';
import { holdOf } from './check.ts';
import { costsOf, isPerBlock, timeOf } from './costs.ts';
import {
  type Distribution,
  type Inverse,
  inverseOf,
  sizeInverseOf,
  wholeInverseOf,
} from './distribution.ts';
import { type Stream, streamOf } from './draw.ts';
import { power } from './exact-math.ts';
import {
  type Actor,
  type FileSpec,
  type Files,
  filesOf,
  namesOf,
  type Offset,
  type Pick,
  type Step,
  type Workload,
} from './schema.ts';

/** A step of one round, with everything that is drawn. */
export type DrawnStep =
  | { kind: 'skip'; file: string | null }
  | { kind: 'think'; us: number }
  | { kind: 'hold'; us: number; transfers: number }
  | { kind: 'call'; call: Call };

export interface Call {
  op: string;
  /** The file; null for operations that are about none. */
  file: string | null;
  args: Record<string, unknown>;
  /** How many bytes it writes. */
  bytes: number;
  nowait: boolean;
  failOnDeadlock: boolean;
  timeoutMs: number | undefined;
  costNs: number;
  /** For each block that a truncate removes. */
  nsPerBlock: number;
}

/** One thread of an actor. */
export interface ThreadPlan {
  /** `nic.3`; it is the owner of its pins and operations. */
  name: string;
  actor: string;
  startUs: number;
  spec: Actor;
  /** Draws a round. Rounds are drawn in order, each once. */
  round(): DrawnStep[];
}

const toUs = (ms: number): number => Math.round(ms * 1000);
const toNs = (ms: number): number => Math.round(ms * 1e6);

/** Draws the same numbers whatever happens in the run, because it knows nothing of it. */
export function planOf(workload: Workload, seed: number): ThreadPlan[] {
  const files = filesOf(workload);
  return Object.entries(workload.actors).flatMap(([actor, spec]) =>
    Array.from({ length: spec.count }, (_, index) => {
      const name = spec.count === 1 ? actor : `${actor}.${index}`;
      // Not its name: a sweep from one thread to more leaves the draws of the first as they are.
      const streams = (purpose: string): Stream => streamOf(seed, `${actor}.${index}`, purpose);
      const drawers = drawersOf(spec.loop, { workload, files, streams });
      let rounds = 0;
      return {
        name,
        actor,
        spec,
        startUs: toUs(inverseOf(spec.start)(streams('start')())),
        round: () => {
          rounds += 1;
          let file: string | null = null;
          return drawers.map((draw) => {
            const drawn = draw(rounds, file);
            if (drawn.kind === 'call') file = drawn.call.file ?? file;
            else if (drawn.kind === 'skip') file = drawn.file ?? file;
            return drawn;
          });
        },
      };
    }),
  );
}

interface Context {
  workload: Workload;
  files: Map<string, FileSpec[]>;
  streams(purpose: string): Stream;
}
/** `before` is the file of the step before. */
type Drawer = (round: number, before: string | null) => DrawnStep;

function drawersOf(loop: readonly Step[], context: Context): Drawer[] {
  return loop.map((step, index) => {
    const streams = (purpose: string): Stream =>
      context.streams(`${index}.${step.kind}.${purpose}`);
    const draw = drawerOf(step, { ...context, streams });
    if (step.every === 1 && step.chance === 1) return draw;
    const chance = streams('chance');
    return (round, before) => {
      // Everything is drawn in each round, so that round n has the same values in every run.
      const drawn = draw(round, before);
      const happens = chance() < step.chance && round % step.every === 0;
      if (happens) return drawn;
      return { kind: 'skip', file: drawn.kind === 'call' ? drawn.call.file : null };
    };
  });
}

function drawerOf({ kind, value }: Step, context: Context): Drawer {
  if (kind === 'think') {
    const draw = drawn(inverseOf(value as Distribution), context.streams('time'));
    return () => ({ kind: 'think', us: toUs(draw()) });
  }
  if (kind === 'hold') {
    const { time, transfers } = holdOf(value);
    const draw = drawn(inverseOf(time), context.streams('time'));
    return () => ({ kind: 'hold', us: toUs(draw()), transfers });
  }
  return callDrawer(kind, value as Record<string, unknown>, context);
}

const drawn =
  (inverse: Inverse, stream: Stream): (() => number) =>
  () =>
    inverse(stream());

function callDrawer(op: string, value: Record<string, unknown>, context: Context): Drawer {
  const { file: files, length, pages, to, nowait, failOnDeadlock, timeoutMs, ...rest } = value;
  const { workload, streams } = context;
  const operation = operations.get(op);
  const takesBytes = operation?.takes === 'bytes';
  const shape = (operation?.args as z.ZodObject | undefined)?.shape ?? {};
  const defaults = defaultsOf(shape);
  const hasLength = 'length' in shape;
  const drawFile = files === undefined ? null : picker(files as Files, context);
  const drawLength = lengthDrawer(length, pages, streams('length'));
  const offset = (rest.offset ?? (op === 'seek' ? 0 : 'uniform')) as Offset;
  const hasOffset = 'offset' in shape;
  const onPin = operation?.on === 'pin';
  const drawOffset =
    hasOffset && !(onPin && rest.offset === undefined)
      ? offsetDrawer(offset, streams('offset'))
      : null;
  const drawOther =
    rest.withOffset === undefined
      ? null
      : offsetDrawer(rest.withOffset as Offset, streams('withOffset'));
  const drawTo =
    to === undefined ? null : drawn(sizeInverseOf(to as Distribution, { least: 0 }), streams('to'));
  const drawCounts = ['holdMs', 'count', 'block', 'seed', 'sizeBytes'].flatMap((field) => {
    if (rest[field] === undefined) return [];
    const distribution = rest[field] as Distribution;
    const inverse =
      field === 'sizeBytes'
        ? sizeInverseOf(distribution, { least: 0 })
        : wholeInverseOf(distribution);
    return [[field, drawn(inverse, streams(field))] as const];
  });
  const cost = costsOf(workload)[op];
  const drawCost = drawn(inverseOf(timeOf(cost)), streams('cost'));
  const nsPerBlock = cost !== undefined && isPerBlock(cost) ? toNs(cost.perBlock) : 0;
  return (_round, before) => {
    const chosen = drawFile === null ? before : drawFile();
    const file = context.files.get(chosen ?? '')?.[0] ?? null;
    const args: Record<string, unknown> = { ...defaults, ...rest };
    const bytes = drawLength();
    if (hasLength && bytes !== null) args.length = bytes;
    const need = bytes ?? pageSize;
    if (drawOffset !== null) args.offset = drawOffset(file?.sizeBytes ?? 0, need);
    if (drawOther !== null)
      args.withOffset = drawOther(context.files.get(String(rest.with))?.[0]?.sizeBytes ?? 0, need);
    if (drawTo !== null) args.sizeBytes = drawTo();
    for (const [field, draw] of drawCounts) args[field] = draw();
    if (op === 'create') args.name = file?.name;
    return {
      kind: 'call',
      call: {
        op,
        file: file?.name ?? null,
        args,
        bytes: takesBytes ? (bytes ?? -1) : 0,
        nowait: nowait === true,
        failOnDeadlock: failOnDeadlock === true,
        timeoutMs: timeoutMs as number | undefined,
        costNs: toNs(drawCost()),
        nsPerBlock,
      },
    };
  };
}

/** The machine gets complete arguments. */
function defaultsOf(shape: Record<string, unknown>): Record<string, unknown> {
  const defaults = Object.entries(shape).flatMap(([name, schema]) => {
    const parsed = (schema as z.ZodType).safeParse(undefined);
    return parsed.success && parsed.data !== undefined ? [[name, parsed.data] as const] : [];
  });
  return Object.fromEntries(defaults);
}

/** In bytes; null if the step says nothing. */
function lengthDrawer(length: unknown, pages: unknown, stream: Stream): () => number | null {
  if (pages !== undefined) {
    const inverse = wholeInverseOf(pages as Distribution);
    return () => Math.max(1, inverse(stream())) * pageSize;
  }
  if (length === undefined) return () => null;
  return drawn(sizeInverseOf(length as Distribution, { least: 1 }), stream);
}

function picker(files: Files, { files: known, streams }: Context): () => string {
  const { names, by } = namesOf(files);
  const all = names.flatMap((name) => known.get(name) ?? []);
  const index = indexDrawer(by, streams('file'));
  return () => (all[index(all.length, 1)] as FileSpec).name;
}

/** Draws one of `slots` numbers from 0 on. A sequential one moves on by `step`. */
function indexDrawer(by: Pick, stream: Stream): (slots: number, step: number) => number {
  if (by === 'sequential') {
    let next = 0;
    return (slots, step) => {
      const at = next >= slots ? 0 : next;
      next = at + step;
      return at;
    };
  }
  if (by === 'uniform') return (slots) => Math.floor(stream() * slots);
  const tables = new Map<number, Float64Array>();
  return (slots) => {
    let table = tables.get(slots);
    if (table === undefined) {
      table = zipfTable(slots, by.zipf);
      tables.set(slots, table);
    }
    return rankOf(table, stream());
  };
}

/** The distribution function of a rank from 0 on. */
function zipfTable(slots: number, exponent: number): Float64Array {
  const table = new Float64Array(slots);
  let sum = 0;
  for (let rank = 0; rank < slots; rank++) {
    sum += power(rank + 1, -exponent);
    table[rank] = sum;
  }
  for (let rank = 0; rank < slots; rank++) table[rank] = (table[rank] as number) / sum;
  return table;
}

function rankOf(table: Float64Array, u: number): number {
  let low = 0;
  let high = table.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table[middle] as number) > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

const isPick = (offset: Offset): offset is Pick =>
  typeof offset === 'string' || (typeof offset === 'object' && 'zipf' in offset);

/** A byte at which `need` bytes fit into a file of `sizeBytes`, in whole pages. */
function offsetDrawer(offset: Offset, stream: Stream): (sizeBytes: number, need: number) => number {
  if (!isPick(offset)) {
    const draw = drawn(sizeInverseOf(offset, { least: 0 }), stream);
    return typeof offset === 'number' ? () => offset : () => draw();
  }
  const index = indexDrawer(offset, stream);
  return (sizeBytes, need) => {
    const pages = Math.ceil(need / pageSize);
    const slots = Math.max(1, Math.floor(sizeBytes / pageSize) - pages + 1);
    return index(slots, pages) * pageSize;
  };
}
