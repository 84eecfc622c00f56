// get_user_pages: its results, and the order of its checks.
import { describe, expect, test } from 'vitest';
import { letters, type Machine, machine, okOf, page, wordOf } from '../../machine.ts';

/**
 * A file of two pages, then a hole of one, then end of file; map_1 read-write and map_2 read-only
 * cover six pages.
 */
function file(strategy = 'break-layouts'): Machine {
  const m = machine({ strategy });
  m.create('a');
  m.write('a', letters('AB'), 0);
  m.truncate('a', 3 * page);
  m.map('a', 6);
  m.map('a', 6, {}, 'read');
  return m;
}

const pin = (
  m: Machine,
  mapping: number,
  first: number,
  pages: number,
  more: Record<string, unknown> = {},
) => m.pin(mapping, first * page, pages * page, { owner: 'G' }, more);
const rule = (
  m: Machine,
  mapping: number,
  first: number,
  pages: number,
  more?: Record<string, unknown>,
): string => {
  const { outcome } = pin(m, mapping, first, pages, more);
  return outcome?.ok === false ? `${outcome.failure.errno} ${outcome.failure.rule}` : 'done';
};

describe('the order of the checks: the address, FOLL_LONGTERM, the rights, then the pages', () => {
  test('GP1 the range of the mapping is checked first', () => {
    const m = file();
    expect(rule(m, 2, 6, 1, { longterm: true })).toBe('EFAULT GP1');
    expect(rule(m, 1, 100, 1)).toBe('EFAULT GP1');
  });

  test('GP2 FOLL_LONGTERM is checked before access rights and pages', () => {
    const m = file();
    expect(rule(m, 2, 0, 1, { longterm: true })).toBe('EOPNOTSUPP GP2');
    // Beyond EOF: not looked at.
    expect(rule(m, 1, 5, 1, { longterm: true })).toBe('EOPNOTSUPP GP2');
    expect(m.seen('page.faulted')).toEqual([]);
  });

  test('GP2 the kind decides FOLL_LONGTERM unless the request says it', () => {
    const m = file();
    for (const kind of ['rdma', 'v4l2', 'vfio', 'io-uring']) {
      expect(rule(m, 1, 0, 1, { kind }), kind).toBe('EOPNOTSUPP GP2');
      expect(rule(m, 1, 0, 1, { kind, longterm: false }), kind).toBe('done');
    }
    for (const kind of ['direct-io', 'vmsplice']) {
      expect(rule(m, 1, 0, 1, { kind }), kind).toBe('done');
      expect(rule(m, 1, 0, 1, { kind, longterm: true }), kind).toBe('EOPNOTSUPP GP2');
    }
    m.call('set-strategy', {}, { name: 'busy-extents', longterm: 'allow' });
    expect(rule(m, 1, 0, 1, { kind: 'rdma' })).toBe('done');
    const allowed = [...m.k.pins.values()].map(({ kind, longterm }) => ({ kind, longterm }));
    expect(allowed.at(-1)).toEqual({ kind: 'rdma', longterm: true });
    expect(allowed.slice(0, -1).every(({ longterm }) => !longterm)).toBe(true);
  });

  test('GP3 FOLL_WRITE on a read-only mapping is checked before the pages', () => {
    const m = file();
    expect(rule(m, 2, 5, 1)).toBe('EFAULT GP3');
    expect(rule(m, 2, 0, 1, { access: 'read' })).toBe('done');
    expect(m.seen('gup.refused').map(({ data }) => data.rule)).toEqual(['GP3']);
  });

  test('RG1 no pages are EINVAL here, where Linux would say 0', () => {
    expect(rule(file(), 1, 0, 0)).toBe('EINVAL RG1');
  });

  test('LM5 a pin has a bounded number of pages', () => {
    const m = machine({ limits: { pagesPerPin: 2 } });
    m.create('a', 4 * page);
    m.map('a', 4);
    expect(rule(m, 1, 0, 3, { access: 'read' })).toBe('EINVAL LM5');
    expect(rule(m, 1, 0, 2, { access: 'read' })).toBe('done');
    expect(m.pin(1, 100, 2 * page, {}, { access: 'read' }).outcome).toMatchObject({
      failure: { rule: 'LM5' },
    }); // Three pages.
  });
});

describe('GP6 as many pages as can be had', () => {
  test('GP6 a valid page and one beyond EOF are one page', () => {
    const m = file();
    const taken = okOf(pin(m, 1, 2, 2));
    expect(taken).toMatchObject({ bytesPinned: page, pages: [{ pgoff: 2 }] });
    expect(m.k.counts).toMatchObject({ pinsAcquired: 1, pinnedPages: 1 });
  });

  test('GP6 only the bad page is EFAULT, and nothing stays', () => {
    const m = file();
    expect(rule(m, 1, 3, 2)).toBe('EFAULT FT3');
    expect(m.k.counts).toMatchObject({ pins: 0, pinsAcquired: 0, pinsReleased: 0, pinnedPages: 0 });
  });

  test('GP6 the end of the mapping cuts the range', () => {
    const m = machine();
    m.create('a', 4 * page);
    m.map('a', 2);
    expect(okOf(pin(m, 1, 1, 3))).toMatchObject({ bytesPinned: page });
  });

  test('GP6 bytes inside pages: the pages that hold them', () => {
    const m = file();
    const taken = okOf(m.pin(1, page - 1, 2));
    expect(taken).toMatchObject({
      offset: page - 1,
      bytesPinned: 2,
      pages: [{ pgoff: 0 }, { pgoff: 1 }],
    });
  });

  test('GP6 no block for the second page: the first is pinned; no block for the first: EFAULT', () => {
    const m = machine({ blocks: 16 });
    m.create('a', 4 * page);
    m.map('a', 4);
    m.create('z');
    m.write('z', letters('Z'.repeat(13)), 0);
    expect(okOf(pin(m, 1, 0, 2))).toMatchObject({ bytesPinned: page });
    expect(rule(m, 1, 2, 1)).toBe('EFAULT FT5');
  });

  test('GP6 a read pin of a hole is the zero page, on which no operation waits', () => {
    const m = file();
    expect(okOf(pin(m, 1, 2, 1, { access: 'read' })).pages).toEqual([
      { pgoff: 2, pfn: null, orphan: false },
    ]);
    expect(m.k.counts).toMatchObject({ pins: 1, pinnedPages: 0, pinsAcquired: 1 });
    expect(wordOf(m.truncate('a', 0))).toBe('done');
    expect(wordOf(m.dmaWrite(1, new Uint8Array(1)))).toBe('EFAULT');
  });

  test('GP6 a write pin of a hole allocates, and of a page that was read maps it again for writing', () => {
    const m = file();
    m.fault(1, 2 * page, 'read');
    const [taken] = okOf(pin(m, 1, 2, 1)).pages as { pfn: number }[];
    expect(taken?.pfn).toBe(4);
    expect(
      m.seen('page.faulted').map(({ data }) => [data.access, data.result, data.zeroPage]),
    ).toEqual([
      ['read', 'NOPAGE', true],
      ['write', 'MAJOR', false],
    ]);
  });

  test('GP6 nowait: EAGAIN if it would wait for the first page; a shorter pin if for a later page', () => {
    const m = file('wait-for-refs');
    m.pinned(1, 0, page, { owner: 'H' });
    m.fault(1, page, 'write');
    m.fault(1, 2 * page, 'write');
    // Unmaps 0 and 1, sleeps with the fault lock held; page 2 stays mapped.
    const punch = m.punch('a', 0, 2 * page);
    const nowait = { owner: 'G', nowait: true };
    expect(wordOf(m.pin(1, 0, page, nowait))).toBe('EAGAIN');
    expect(okOf(m.pin(1, 2 * page, 2 * page, nowait))).toMatchObject({ bytesPinned: page });
    expect(m.opState(punch.task)).toBe('S page 2');
  });
});

describe('GP7 references', () => {
  test('GP7 many pins of one frame, each released separately', () => {
    const m = file();
    const pins = [1, 2, 3].map(() => m.pinned(1, 0, page, { owner: 'G' }));
    const truncate = m.truncate('a', 0);
    for (const id of pins) {
      expect(m.opState(truncate.task)).toBe('S page 2');
      m.unpin(id);
    }
    expect(m.opState(truncate.task)).toBe('done');
    expect(m.k.counts).toMatchObject({ pinsAcquired: 3, pinsReleased: 3, wakeups: 1 });
  });

  test('GP7 a pin outlives its mapping, its block and its file', () => {
    const m = file('busy-extents');
    const id = m.pinned(1, 0, page, { owner: 'G' });
    m.munmap(1);
    m.munmap(2);
    m.truncate('a', 0);
    m.unlink('a');
    expect(m.k.inodes.size).toBe(0);
    expect(okOf(m.dmaWrite(id, letters('x')))).toMatchObject({ pagesOrphan: 1 });
    expect(okOf(m.unpin(id))).toMatchObject({ pagesReleased: 1 });
    expect(m.k.busy.pages).toBe(0);
  });

  test('GP4 GP5 a pin can be released once, and not while its pages are being collected', () => {
    const m = machine({ strategy: 'wait-for-refs' });
    m.create('a');
    m.write('a', letters('AB'), 0);
    m.map('a', 2);
    const id = m.pinned(1, 0, page, { owner: 'G' });
    m.truncate('a', 0);
    const collecting = m.pin(1, page, page, { owner: 'H' });
    expect(m.opState(collecting.task)).toBe('D invalidate_lock');
    for (const early of [m.unpin(id + 1), m.dmaWrite(id + 1, letters('Z')), m.dmaRead(id + 1)])
      expect(early.outcome).toMatchObject({ failure: { errno: 'EBUSY', rule: 'GP5' } });
    m.unpin(id);
    expect(wordOf(m.unpin(id))).toBe('ENOENT');
  });

  test('a DMA write reports how many of its pages the file no longer owns', () => {
    const m = machine({ strategy: 'busy-extents' });
    m.create('a');
    m.write('a', letters('ABCD'), 0);
    m.map('a', 4);
    const id = m.pinned(1, 0, 4 * page);
    m.truncate('a', page);
    expect(okOf(m.dmaWrite(id, letters('Z')))).toMatchObject({ pagesOrphan: 0 });
    expect(okOf(m.dmaWrite(id, letters('ZZZ')))).toMatchObject({ pagesOrphan: 2 });
  });

  test('GP7 holdMs releases the pin in time', () => {
    const m = file();
    m.pinned(1, 0, page, { owner: 'G' }, { holdMs: 10 });
    const truncate = m.truncate('a', 0, { owner: 'T' });
    m.advance(9);
    expect(m.opState(truncate.task)).toBe('S page 2');
    m.advance(100);
    expect(m.seen('page.unpinned').map(({ timeMs, data }) => [timeMs, data.heldMs])).toEqual([
      [10, 10],
    ]);
    expect(m.outcome(truncate.task)).toMatchObject({ result: { sleptMs: 10 } });
  });
});
