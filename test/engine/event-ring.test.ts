import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/durable/event-batch.ts';
import { EventRing } from '../../src/engine/event-ring.ts';
import type { KernelEvent } from '../../src/kernel/events.ts';

let seq = 0;
function command(count: number): Batch {
  const events = Array.from({ length: count }, (): KernelEvent => {
    seq += 1;
    return {
      seq,
      timeMs: 0,
      type: 'page.idle',
      task: 0,
      op: null,
      file: null,
      ino: 0,
      unlinked: false,
      data: { pfn: seq },
    };
  });
  return { tenant: 't', filesystem: 'f', events, json: null };
}

function ringOf(capacity: number, ...sizes: number[]): EventRing {
  seq = 0;
  const ring = new EventRing('e', capacity);
  for (const size of sizes) ring.append(command(size));
  return ring;
}

const seqs = (ring: EventRing, from: number, limit: number) => {
  const read = ring.read(from, limit);
  return read.kind === 'gap' ? read : read.records.map(({ event }) => event.seq);
};

describe('event ring', () => {
  it('reads what was added, in order, from any number', () => {
    const ring = ringOf(16, 1, 2, 3);
    expect(seqs(ring, 1, 100)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seqs(ring, 4, 100)).toEqual([4, 5, 6]);
    expect(seqs(ring, 7, 100)).toEqual([]);
    expect(ring.read(4, 100)).toMatchObject({ firstSeq: 4, nextSeq: 7 });
  });

  it('never splits the events of one command', () => {
    const ring = ringOf(16, 1, 3, 2);
    expect(seqs(ring, 1, 1)).toEqual([1]);
    expect(seqs(ring, 1, 2)).toEqual([1, 2, 3, 4]);
    expect(seqs(ring, 2, 1)).toEqual([2, 3, 4]);
  });

  it('forgets whole commands, and answers a gap with the oldest number', () => {
    const ring = ringOf(4, 3, 1);
    ring.append(command(1));
    expect(ring.oldestSeq).toBe(4);
    expect(seqs(ring, 3, 10)).toEqual({ kind: 'gap', oldestSeq: 4 });
    expect(seqs(ring, 4, 10)).toEqual([4, 5]);
  });

  it('keeps what was serialised once for every later reader', () => {
    const ring = ringOf(16, 2);
    const [one, two] = [ring.read(2, 1), ring.read(1, 5)];
    if (one.kind === 'gap' || two.kind === 'gap') throw new Error('a gap');
    const [record] = one.records;
    if (record === undefined) throw new Error('no record');
    expect(record.json).toBeNull();
    record.json = '{}';
    expect(two.records.map(({ json, last }) => [json, last])).toEqual([
      [null, false],
      ['{}', true],
    ]);
  });

  it('answers a gap to a number from the future', () => {
    expect(seqs(ringOf(4, 1), 3, 10)).toEqual({ kind: 'gap', oldestSeq: 1 });
  });

  it('drops a command that is larger than itself, whole', () => {
    const ring = ringOf(4, 2, 5);
    expect(seqs(ring, 1, 10)).toEqual({ kind: 'gap', oldestSeq: 8 });
    expect(seqs(ring, 8, 10)).toEqual([]);
    ring.append(command(3));
    ring.append(command(2));
    expect(seqs(ring, 11, 10)).toEqual([11, 12]);
  });

  it('agrees with a list over many appends', () => {
    const ring = ringOf(7);
    let next = 1;
    for (let i = 0; i < 500; i += 1) {
      const size = 1 + ((i * 5) % 6);
      ring.append(command(size));
      next += size;
      expect(ring.nextSeq).toBe(next);
      expect(next - ring.oldestSeq).toBeLessThanOrEqual(7);
      expect(seqs(ring, ring.oldestSeq, 100)).toEqual(
        Array.from({ length: next - ring.oldestSeq }, (_, j) => ring.oldestSeq + j),
      );
    }
  });

  it('tells subscribers once per notify, and when it is closed', () => {
    const ring = ringOf(16);
    let calls = 0;
    const stop = ring.subscribe(() => {
      calls += 1;
    });
    ring.append(command(1));
    ring.append(command(2));
    expect(calls).toBe(0);
    ring.notify();
    ring.notify();
    expect(calls).toBe(1);
    ring.close();
    expect(calls).toBe(2);
    expect(ring.closed).toBe(true);
    stop();
    ring.append(command(1));
    ring.notify();
    expect(calls).toBe(2);
  });
});
