// S25, power failure: committed transactions are there, pins are gone, every block is free or
// owned, and flushed bytes are on the medium.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { idOf, letters, type Machine, okOf, page, wordOf } from '../machine.ts';
import { breaking, contentOf, golden, safeColumns, space, story } from './story.ts';

const cut = (m: Machine, drop: 'some' | 'all' | 'none' = 'some', seed = 1) =>
  okOf(m.call('power-cycle', {}, { drop, seed }));

describe('S25 a power cut while blocks are pinned', () => {
  test('S25 busy-extents: the truncate is there, and the busy run is free', async () => {
    const m = story('busy-extents');
    m.pinned(m.mapping, 0, 2 * page);
    m.truncate('a', 0);
    expect(space(m)).toMatchObject({ used: 0, busy: 2 });
    expect(cut(m)).toMatchObject({
      pinsDropped: 1,
      mappingsDropped: 1,
      operationsEnded: 0,
      blocksFreed: 2,
    });
    expect(space(m)).toMatchObject({ used: 0, busy: 0 });
    expect(contentOf(m, 'a')).toBe('');
    await golden(m, 'S25.busy-extents');
  });

  test('S25 detach-and-wait: between detach and free, recovery frees', async () => {
    const m = story('detach-and-wait');
    m.pinned(m.mapping, 0, page);
    const punch = m.punch('a', 0, 2 * page);
    expect(m.opState(punch.task)).toMatch(/^S page/);
    expect(space(m)).toMatchObject({ used: 6, detached: 2 });
    expect(cut(m)).toMatchObject({ operationsEnded: 1, blocksFreed: 2 });
    expect(m.opState(punch.task)).toBe('ENODEV');
    expect(space(m)).toMatchObject({ used: 6, detached: 0 });
    expect(contentOf(m, 'a')).toBe('..CDEFGH');
    await golden(m, 'S25.detach-and-wait');
  });

  test.each([...breaking, 'wait-for-refs'] as const)(
    'S25 %s: the old state is fully intact',
    async (column) => {
      const m = story(column);
      m.pinned(m.mapping, 0, page);
      const truncate = m.truncate('a', 0);
      const read = m.read('a');
      cut(m);
      expect(m.opState(truncate.task)).toBe('ENODEV');
      expect(m.opState(read.task)).toBe('ENODEV');
      expect(contentOf(m, 'a')).toBe('ABCDEFGH');
      expect(space(m).used).toBe(8);
      // Locks and queues went with the machine: the same call goes through now.
      expect(wordOf(m.truncate('a', 0))).toBe('done');
      await golden(m, `S25.${column}`);
    },
  );

  test('S25 an unlinked file that was still mapped is gone', () => {
    const m = story('break-layouts.modern');
    m.unlink('a');
    expect(space(m).used).toBe(8);
    expect(cut(m)).toMatchObject({ blocksFreed: 8 });
    expect(m.k.inodes.size).toBe(0);
  });
});

describe('S25 stores that were not flushed', () => {
  const stored = (m: ReturnType<typeof story>) => {
    m.store(m.mapping, 0, letters('xy'));
    m.call('flush', { mapping: m.mapping }, { offset: page, length: page });
  };

  test('S25 drop all: the store that was flushed is there, the other is not', () => {
    const m = story('break-layouts.modern');
    stored(m);
    expect(cut(m, 'all')).toMatchObject({ linesDirty: 64, linesLost: 64 });
    expect(contentOf(m, 'a')).toBe('AyCDEFGH');
  });

  test('S25 drop none, and eADR: all of it is there', () => {
    const m = story('break-layouts.modern');
    stored(m);
    expect(cut(m, 'none')).toMatchObject({ linesDirty: 64, linesLost: 0 });
    expect(contentOf(m, 'a')).toBe('xyCDEFGH');
  });

  test('S25 sync, write and DMA go to the medium', () => {
    const m = story('break-layouts.modern');
    m.store(m.mapping, 0, letters('x'));
    expect(okOf(m.call('sync', {}, {}))).toEqual({ linesFlushed: 64 });
    m.store(m.mapping, page, letters('y'));
    m.write('a', letters('Y'), page);
    const pin = m.pinned(m.mapping, 2 * page, page);
    m.dmaWrite(pin, letters('Z'));
    expect(cut(m, 'all')).toMatchObject({ linesDirty: 0 });
    expect(contentOf(m, 'a')).toBe('xYZDEFGH');
  });

  test('S25 msync flushes the pages of the file, whoever stored to them and mapped or not; clwb by any mapping', () => {
    const m = story('break-layouts.modern');
    const other = m.map('a', 8);
    m.store(m.mapping, 0, letters('xyz'));
    m.truncate('a', 8 * page); // Unmaps every page.
    expect(
      okOf(m.call('flush', { mapping: other }, { how: 'msync', offset: page, length: 1 })),
    ).toEqual({
      linesFlushed: 64,
    });
    const mine = m.call(
      'mmap',
      { file: 'a' },
      { offset: 0, length: page, access: 'read', shared: false },
    );
    expect(okOf(m.call('flush', { mapping: idOf(mine) }, { how: 'msync' }))).toEqual({
      linesFlushed: 0,
    });
    expect(
      okOf(
        m.call('flush', { mapping: other }, { how: 'clwb', offset: 2 * page + 100, length: 64 }),
      ),
    ).toEqual({
      linesFlushed: 2,
    });
    expect(cut(m, 'all')).toMatchObject({ linesDirty: 126 });
    expect(contentOf(m, 'a')).toBe('AyCDEFGH');
  });

  test('S25 any seed, any stores: words are old or new, never mixed, and every law holds', () => {
    const store = fc.record({
      at: fc.nat(8 * page - 200),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...safeColumns),
        fc.array(store, { maxLength: 12 }),
        fc.nat(2 ** 32 - 1),
        (column, stores, seed) => {
          const m = story(column);
          const before = okOf(m.read('a')).data as Uint8Array;
          const after = before.slice();
          // The bytes that the medium may still have, beside the newest.
          const old = Array.from(before, (byte) => new Set([byte]));
          const durable = new Set<number>();
          m.pinned(m.mapping, 0, 3 * page);
          m.punch('a', 7 * page, page, { nowait: true });
          for (const { at, bytes, flush } of stores) {
            if (wordOf(m.store(m.mapping, at, bytes)) !== 'done') continue;
            for (let i = 0; i < bytes.length; i++) {
              old[at + i]?.add(after[at + i] as number);
              after[at + i] = bytes[i] as number;
              durable.delete(at + i);
            }
            if (!flush) continue;
            m.call('flush', { mapping: m.mapping }, { offset: at, length: bytes.length });
            for (let i = 0; i < bytes.length; i++) durable.add(at + i);
          }
          cut(m, 'some', seed);
          checkInvariants(m.k);
          const found = okOf(m.read('a')).data as Uint8Array;
          for (let i = 0; i < 7 * page; i++) {
            if (found[i] === after[i]) continue;
            if (durable.has(i)) throw new Error(`byte ${i} was flushed and is lost`);
            if (!old[i]?.has(found[i] as number))
              throw new Error(`byte ${i} is ${found[i]}, which it never was`);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('S25 the same seed loses the same words', () => {
    const lost = (seed: number) => {
      const m = story('none');
      m.store(m.mapping, 0, letters('xyz'));
      cut(m, 'some', seed);
      return Buffer.from(okOf(m.read('a')).data as Uint8Array).toString('base64');
    };
    expect(lost(7)).toBe(lost(7));
    expect(lost(7)).not.toBe(lost(8));
  });
});
