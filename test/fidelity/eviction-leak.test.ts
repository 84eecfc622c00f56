// The last reference to a pinned file is dropped, under the default of each kernel: 6.12 frees the
// blocks under the pin, so the pin can read another file's bytes; 7.3 hangs. Under the strategies
// that hold blocks back, no block is reused before its last put, and none is lost.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isFree } from '../../src/kernel/lib/free-space.ts';
import { toPfn } from '../../src/kernel/units.ts';
import { call, must, type Service, start } from '../http/start.ts';
import {
  bytesOf,
  fillUp,
  letters,
  type Machine,
  machine,
  okOf,
  page,
  type Ran,
  shown,
  wordOf,
} from '../machine.ts';
import { blockOf, space } from '../scenarios/story.ts';

const P = { owner: 'P' };
const blocks = 62;
const kinds = ['xfs', 'ext4'] as const;

/** A file `a` of 8 pages with page 3 pinned, and nothing that maps it any more. */
function pinned(kind: 'xfs' | 'ext4', kernel: '6.12' | '7.3') {
  const m = machine({ kind, kernel, blocks: 64, except: kernel === '6.12' ? ['law 1'] : [] });
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  const mapping = m.map('a', 8);
  const pfn = blockOf(m, 'a', 3);
  const pin = m.pinned(mapping, 3 * page, page, P);
  m.munmap(mapping, P);
  return { m, pin, pfn };
}

describe.each(kinds)('S11 %s on 6.12: freed under the pin', (kind) => {
  test(`S11 ${kind} 6.12: unlink returns at once, with a warning`, () => {
    const { m, pfn } = pinned(kind, '6.12');
    expect(okOf(m.unlink('a', P))).toMatchObject({ blocksFreed: 8, wakeups: 0 });
    expect(space(m)).toEqual({ used: 0, free: blocks, busy: 0, detached: 0 });
    expect(m.seen('warning.raised').map(({ data }) => [data.pfn, data.where])).toEqual([
      [pfn, 'fs/dax.c dax_disassociate_entry'],
    ]);
  });

  test(`S11 ${kind} 6.12: once the device is full, the next owner is read and written through the old pin`, () => {
    const { m, pin, pfn } = pinned(kind, '6.12');
    m.unlink('a', P);
    okOf(fillUp(m));
    expect(shown(bytesOf(m.dmaRead(pin)))).toBe('z');
    m.dmaWrite(pin, letters('!'));
    const now = shown(bytesOf(m.read('z')));
    expect([...now].filter((letter) => letter === '!')).toHaveLength(1);
    expect(blockOf(m, 'z', now.indexOf('!'))).toBe(pfn);
  });

  test(`S12 ${kind} 6.12: one process that pins, unmaps and unlinks is through at once, and umount waits for its pin only`, () => {
    const { m, pin } = pinned(kind, '6.12');
    expect(wordOf(m.unlink('a', P))).toBe('done');
    expect(m.umount().outcome).toMatchObject({
      failure: { errno: 'EBUSY', why: 'the filesystem is in use (pins: 1)' },
    });
    m.unpin(pin);
    expect(wordOf(m.umount())).toBe('done');
  });
});

describe.each(kinds)('S11 %s on 7.3: it hangs', (kind) => {
  test(`S11 ${kind} 7.3: unlink sleeps in state D, df is as before, no signal reaches it`, () => {
    const { m, pin, pfn } = pinned(kind, '7.3');
    const before = space(m);
    const { task } = m.unlink('a', { owner: 'U' });
    expect(m.opState(task)).toBe(`D page ${pfn}`);
    expect(m.cancel(task).outcome).toMatchObject({ failure: { errno: 'EBUSY', rule: 'CN1' } });
    m.advance(86_400_000);
    expect([m.opState(task), space(m)]).toEqual([`D page ${pfn}`, before]);
    expect(wordOf(m.create('a'))).toBe('done'); // The name went at once.
    expect(wordOf(m.umount())).toBe('EBUSY');
    m.unpin(pin);
    expect(m.opState(task)).toBe('done');
    expect(space(m)).toEqual({ used: 0, free: blocks, busy: 0, detached: 0 });
    expect(m.seen('warning.raised')).toEqual([]);
  });

  test(`S11 ${kind} 7.3: a full device does not get the block before the unpin`, () => {
    const { m, pin } = pinned(kind, '7.3');
    m.unlink('a', P);
    expect(okOf(fillUp(m))).toMatchObject({ bytesWritten: (blocks - 8) * page });
    expect(shown(bytesOf(m.dmaRead(pin)))).toBe('D');
    m.unpin(pin);
    expect(space(m).free).toBe(8);
  });

  test(`S12 ${kind} 7.3: one process waits for its own pin for ever, and umount is EBUSY`, () => {
    const { m, pfn } = pinned(kind, '7.3');
    const { task } = m.unlink('a', P);
    const op = `op_${task}`;
    expect(m.seen('deadlock.detected').map(({ data }) => data.cycle)).toEqual([
      [op, `page:${pfn}`, op],
    ]);
    expect(wordOf(m.cancel(task))).toBe('EBUSY');
    expect(m.umount().outcome).toMatchObject({
      failure: { errno: 'EBUSY', why: 'the filesystem is in use (pins: 1, operations: 1)' },
    });
  });
});

/** What takes all, or some, of the blocks of `a` away. */
const takers: Record<string, (m: Machine, mapping: number) => Ran> = {
  truncate: (m) => m.truncate('a', 0, P),
  'punch-hole': (m) => m.punch('a', 2 * page, 4 * page, P),
  'zero-range': (m) => m.zero('a', 0, 8 * page, false, P),
  'O_TRUNC and write': (m) => m.write('a', letters('xy'), undefined, P),
  unlink: (m, mapping) => {
    m.munmap(mapping);
    return m.unlink('a', P);
  },
};
const cases = (['busy-extents', 'detach-and-wait'] as const).flatMap((strategy) =>
  Object.keys(takers).flatMap((taker) => kinds.map((kind) => ({ strategy, taker, kind }))),
);

/** Pins that overlap: pages 0 to 3, 3, 3 to 5, 7. */
const ranges = [
  [0, 4],
  [3, 1],
  [3, 3],
  [7, 1],
] as const;
const orders = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [1, 3, 0, 2],
  [2, 0, 3, 1],
];

describe('S13 held back until the last put, and no longer', () => {
  test.each(cases)('S13 $strategy, $kind, $taker', ({ strategy, taker, kind }) => {
    for (const order of orders) {
      const m = machine({ kind, strategy, blocks: 64 });
      m.create('a');
      m.write('a', letters('ABCDEFGH'), 0);
      const mapping = m.map('a', 8);
      const pfns = Array.from({ length: 8 }, (_, pgoff) => blockOf(m, 'a', pgoff));
      const pins = ranges.map(([first, pages]) =>
        m.pinned(mapping, first * page, pages * page, { owner: 'device' }),
      );
      const { task } = takers[taker]?.(m, mapping) ?? { task: 0 };
      fillUp(m);
      const held = new Set(pins);
      for (const index of order) {
        const pin = pins[index] as number;
        // What the device sees is what it pinned, also where the file shows something else by now.
        const [first, pages] = ranges[index] ?? [0, 0];
        expect(shown(bytesOf(m.dmaRead(pin)))).toBe('ABCDEFGH'.slice(first, first + pages));
        m.unpin(pin);
        held.delete(pin);
        const pinnedStill = pfns.map((_, pgoff) =>
          ranges.some(
            ([from, n], at) => held.has(pins[at] as number) && pgoff >= from && pgoff < from + n,
          ),
        );
        for (const [pgoff, pfn] of pfns.entries()) {
          if (pinnedStill[pgoff])
            expect({ pgoff, free: isFree(m.k.space, toPfn(pfn)) }).toEqual({ pgoff, free: false });
        }
        // A run is as long as its neighbours were pinned together, and goes with the last put of
        // its last page.
        if (strategy === 'busy-extents') {
          const kept = (from: number, to: number) =>
            pinnedStill.slice(from, to).some(Boolean) ? to - from : 0;
          expect(space(m).busy).toBeLessThanOrEqual(kept(0, 6) + kept(7, 8));
        }
        fillUp(m, String.fromCharCode('p'.charCodeAt(0) + index));
      }
      expect(m.opState(task)).toBe('done');
      for (const name of ['a', 'z', 'p', 'q', 'r', 's']) if (m.k.names.has(name)) m.unlink(name);
      if (taker !== 'unlink') m.munmap(mapping);
      expect(space(m)).toEqual({ used: 0, free: blocks, busy: 0, detached: 0 });
    }
  });
});

describe('the quotas of the tenant', () => {
  let service: Service;
  beforeEach(async () => {
    service = await start();
  });
  afterEach(() => service.close());
  const used = async () => {
    const { json } = await must(service, 200, 'GET', '/v1');
    return Object.fromEntries(
      Object.entries(json.tenant.quotas as Record<string, { used: number }>).flatMap(
        ([name, quota]) => (name === 'memory' ? [] : [[name, quota.used]]),
      ),
    );
  };

  test.each([
    { kernel: '6.12', status: 200, during: { blocks: 0, files: 0, sleepers: 0 } },
    { kernel: '7.3', status: 202, during: { blocks: 2, files: 1, sleepers: 1 } },
  ])(
    'Q1 $kernel: a file and its blocks count until it is evicted',
    async ({ kernel, status, during }) => {
      const fs = '/v1/filesystems/scratch';
      await must(service, 201, 'POST', '/v1/filesystems', {
        json: { name: 'scratch', sizeBytes: 262_144, kernel, clock: 'manual' },
      });
      await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
      await must(service, 200, 'PUT', `${fs}/files/a/content`, { bytes: letters('AB') });
      await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
        json: { offset: 0, length: page, access: 'read-write' },
      });
      await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
        json: { offset: 0, length: page, access: 'write' },
      });
      await must(service, 200, 'DELETE', `${fs}/mappings/map_1`);
      const unlink = await call(service, 'DELETE', `${fs}/files/a`, {
        headers: { prefer: 'wait=0' },
      });
      expect(unlink.status).toBe(status);
      const labs = { labs: 0, labsKept: 0, labCommands: 0 };
      const device = { filesystems: 1, bytes: 262_144, mappings: 0, ...labs };
      expect(await used()).toEqual({ ...device, pins: 1, ...during });
      await must(service, 409, 'DELETE', fs);
      await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
      expect(await used()).toEqual({ ...device, pins: 0, blocks: 0, files: 0, sleepers: 0 });
      await must(service, 200, 'DELETE', fs);
      expect(Object.values(await used()).every((value) => value === 0)).toBe(true);
    },
  );
});
