// Whether a history of one register is linearizable. Every write has a value of its own, so each
// read names its write, and the answer needs no search (Gibbons and Korach, Testing Shared
// Memories, 1997): the operations of one value span a zone of time, and only zones must be compared.

/** One operation of a client. Times are of one clock. */
export interface Op {
  kind: 'read' | 'write';
  value: number;
  from: number;
  /** Infinity if the outcome is unknown. A write that was certainly not done is in no history. */
  to: number;
}

/** What is wrong with a history. */
export interface Violation {
  why: 'read of a value that nobody wrote' | 'read before its write' | 'stale read or lost write';
  values: number[];
}

interface Zone {
  value: number;
  /** The earliest end and the latest begin of its operations. */
  firstEnd: number;
  lastBegin: number;
}

/** Between these the register had the value; a backward zone needs only one moment in between. */
const low = ({ firstEnd, lastBegin }: Zone): number => Math.min(firstEnd, lastBegin);
const high = ({ firstEnd, lastBegin }: Zone): number => Math.max(firstEnd, lastBegin);
const isForward = ({ firstEnd, lastBegin }: Zone): boolean => firstEnd < lastBegin;

/** Null if the history is linearizable. `initial` is the value before all operations. */
export function violationOf(history: readonly Op[], initial: number): Violation | null {
  const before = Number.NEGATIVE_INFINITY;
  const writes = new Map<number, Op>([
    [initial, { kind: 'write', value: initial, from: before, to: before }],
  ]);
  for (const op of history) {
    if (op.kind !== 'write') continue;
    if (writes.has(op.value)) throw new Error(`${op.value} was written twice`);
    writes.set(op.value, op);
  }
  const reads = history.filter(
    ({ kind, to }) => kind === 'read' && to !== Number.POSITIVE_INFINITY,
  );
  const zones = new Map<number, Zone>();
  for (const { value, from, to } of reads) {
    const write = writes.get(value);
    if (write === undefined) return { why: 'read of a value that nobody wrote', values: [value] };
    if (to < write.from) return { why: 'read before its write', values: [value] };
    const zone = zones.get(value) ?? { value, firstEnd: write.to, lastBegin: write.from };
    zone.firstEnd = Math.min(zone.firstEnd, to);
    zone.lastBegin = Math.max(zone.lastBegin, from);
    zones.set(value, zone);
  }
  // A write that is unknown and never read may not have happened.
  for (const [value, { from, to }] of writes)
    if (!zones.has(value) && to !== Number.POSITIVE_INFINITY)
      zones.set(value, { value, firstEnd: to, lastBegin: from });
  return clash([...zones.values()]);
}

/** Two forward zones may not overlap, and no backward zone may lie inside of a forward one. */
function clash(zones: readonly Zone[]): Violation | null {
  const forward = zones.filter(isForward).sort((a, b) => low(a) - low(b));
  for (const [at, zone] of forward.entries()) {
    const next = forward[at + 1];
    if (next !== undefined && low(next) < high(zone)) return stale(zone, next);
  }
  for (const zone of zones) {
    if (isForward(zone)) continue;
    const around = forward.find((one) => low(one) < low(zone) && high(zone) < high(one));
    if (around !== undefined) return stale(around, zone);
  }
  return null;
}

const stale = (a: Zone, b: Zone): Violation => ({
  why: 'stale read or lost write',
  values: [a.value, b.value],
});
