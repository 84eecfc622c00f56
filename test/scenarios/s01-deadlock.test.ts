// S01, the deadlock: get_user_pages holds page 0 and needs page 1; the punch holds invalidate_lock
// and needs page 0.
import { describe, expect, test } from 'vitest';
import { okOf, page, wordOf } from '../machine.ts';
import { blockOf, breaking, contentOf, golden, safeColumns, space, story } from './story.ts';

const G = { owner: 'G' };
const T = { owner: 'T' };

describe('S01 get_user_pages of pages 0 and 1 against a punch of both', () => {
  test('S01 busy-extents: the punch returns, the fault gets a fresh block', async () => {
    const m = story('busy-extents');
    const old = blockOf(m, 'a', 1);
    const first = m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 0, 2 * page, T);
    expect(okOf(punch)).toMatchObject({ blocksFreed: 1, blocksBusy: 1, scans: 1, wakeups: 0 });
    const second = m.pinned(m.mapping, page, page, G);
    expect(contentOf(m, 'a')).toBe('..CDEFGH');
    expect(blockOf(m, 'a', 0)).toBe(-1);
    expect(blockOf(m, 'a', 1)).toBe(old); // Free at once, so it may come back, zeroed.
    expect(space(m).busy).toBe(1);
    m.unpin(first);
    m.unpin(second);
    expect(space(m)).toMatchObject({ used: 7, busy: 0 });
    await golden(m, 'S01.busy-extents');
  });

  test('S01 busy-extents: a read fault sees the zero page', () => {
    const m = story('busy-extents');
    m.pinned(m.mapping, 0, page, G, { access: 'read' });
    m.punch('a', 0, 2 * page, T);
    const read = m.pin(m.mapping, page, page, G, { access: 'read' });
    expect(okOf(read).pages).toEqual([{ pgoff: 1, pfn: null, orphan: false }]);
  });

  test('S01 wait-for-refs: a deadlock, and it is named', async () => {
    const m = story('wait-for-refs');
    const pfn = blockOf(m, 'a', 0);
    m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 0, 2 * page, T);
    expect(m.opState(punch.task)).toBe(`S page ${pfn}`);
    const gup = m.pin(m.mapping, page, page, G);
    expect(m.opState(gup.task)).toBe('D invalidate_lock');
    const [deadlock, ...more] = m.seen('deadlock.detected');
    expect(more).toEqual([]);
    expect(deadlock?.data.cycle).toEqual([
      `op_${punch.task}`,
      `page:${pfn}`,
      `op_${gup.task}`,
      'lock:a:invalidate_lock',
      `op_${punch.task}`,
    ]);
    expect(deadlock?.data.explanation).toContain('belongs to G, who holds it by pin_1 (direct-io)');
    await golden(m, 'S01.wait-for-refs');
    // A signal to T is the way out: EINTR, nothing changed, and G goes on.
    m.cancel(punch.task);
    expect(m.opState(punch.task)).toBe('EINTR');
    expect(m.opState(gup.task)).toBe('done');
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
  });

  test('S01 wait-for-refs: with failOnDeadlock the call that completes the cycle gets EDEADLK', () => {
    const m = story('wait-for-refs');
    const pin = m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 0, 2 * page, T);
    expect(wordOf(m.pin(m.mapping, page, page, { ...G, failOnDeadlock: true }))).toBe('EDEADLK');
    m.unpin(pin);
    expect(m.opState(punch.task)).toBe('done');
  });

  test('S01 wait-for-refs: newRefs fail refuses the second page instead', () => {
    const m = story('wait-for-refs', { strategy: { name: 'wait-for-refs', newRefs: 'fail' } });
    const pin = m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 0, 2 * page, T);
    expect(wordOf(m.pin(m.mapping, page, page, G))).toBe('EAGAIN');
    expect(m.seen('deadlock.detected')).toEqual([]);
    m.unpin(pin);
    expect(m.opState(punch.task)).toBe('done');
  });

  test('S01 detach-and-wait: no lock is held during the wait, so the fault continues', async () => {
    const m = story('detach-and-wait');
    const first = m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 0, 2 * page, T);
    expect(m.opState(punch.task)).toMatch(/^S page/);
    expect(m.task(punch.task)?.locks).toEqual([]);
    expect(contentOf(m, 'a')).toBe('..CDEFGH');
    const second = m.pinned(m.mapping, page, page, G);
    m.unpin(first);
    expect(m.opState(punch.task)).toBe('done');
    m.unpin(second);
    expect(m.outcome(punch.task)).toMatchObject({ result: { blocksFreed: 2, blocksDetached: 0 } });
    expect(space(m)).toMatchObject({ used: 7, detached: 0 });
    await golden(m, 'S01.detach-and-wait');
  });

  test.each(breaking)(
    'S01 %s: invalidate_lock is dropped, the old block is faulted back in and punched later',
    async (column) => {
      const m = story(column);
      const [block0, block1] = [blockOf(m, 'a', 0), blockOf(m, 'a', 1)];
      const first = m.pinned(m.mapping, 0, page, G);
      const punch = m.punch('a', 0, 2 * page, T);
      expect(m.opState(punch.task)).toBe(`S page ${block0}`);
      expect(m.task(punch.task)?.locks.map(({ lock }) => lock)).toEqual(['i_rwsem']);
      const second = m.pinned(m.mapping, page, page, G);
      expect(blockOf(m, 'a', 1)).toBe(block1);
      m.dmaWrite(first, new Uint8Array(page).fill(0x78));
      m.unpin(first);
      // Rescanned: page 1 was pinned meanwhile.
      expect(m.opState(punch.task)).toBe(`S page ${block1}`);
      m.unpin(second);
      expect(m.outcome(punch.task)).toMatchObject({
        ok: true,
        result: { blocksFreed: 2, scans: 3, wakeups: 2 },
      });
      expect(contentOf(m, 'a')).toBe('..CDEFGH');
      await golden(m, `S01.${column}`);
    },
  );

  test('S01 refuse: EBUSY at once, and nothing changed', async () => {
    const m = story('refuse');
    m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 0, 2 * page, T);
    expect(wordOf(punch)).toBe('EBUSY');
    m.pinned(m.mapping, page, page, G);
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
    await golden(m, 'S01.refuse');
  });

  test('S01 none: the block is freed under the pin, with a warning', async () => {
    const m = story('none');
    const pfn = blockOf(m, 'a', 0);
    m.pinned(m.mapping, 0, page, G);
    expect(wordOf(m.punch('a', 0, 2 * page, T))).toBe('done');
    expect(m.seen('warning.raised').map(({ data }) => data.pfn)).toEqual([pfn]);
    await golden(m, 'S01.none');
  });
});

describe('S01 in steps, as docs/steps.md tells it: one get_user_pages of two pages, the punch between them', () => {
  test.each(['wait-for-refs', 'break-layouts.modern'] as const)(
    'S01 stepped %s',
    async (column) => {
      const m = story(column, { scheduler: 'stepped' });
      const [block0] = [blockOf(m, 'a', 0)];
      const gup = m.pin(m.mapping, 0, 2 * page, G);
      const punch = m.punch('a', 0, 2 * page, T);
      m.stepTo(gup.task, 'fault'); // t1: a reference on page 0 …
      m.step(gup.task);
      m.step(gup.task);
      m.step(gup.task); // … mapped,
      m.step(gup.task); // … and pinned.
      expect(m.k.pins.get(m.task(gup.task)?.pin as never)?.pfns).toEqual([block0]);
      m.stepTo(punch.task, 'scan'); // t2: i_rwsem and invalidate_lock exclusive.
      expect(m.task(punch.task)?.locks.map(({ lock, mode }) => `${lock} ${mode}`)).toEqual([
        'i_rwsem exclusive',
        'invalidate_lock exclusive',
      ]);
      m.step(punch.task); // t3: unmap, page 0 is busy.
      m.settle(punch.task); // t4: asleep.
      expect(m.opState(punch.task)).toBe(`S page ${block0}`);
      m.settle(gup.task); // t5: page 1 is not there.
      if (column === 'wait-for-refs') {
        expect(m.opState(gup.task)).toBe('D invalidate_lock');
        expect(m.seen('deadlock.detected').map(({ data }) => data.cycle)).toEqual([
          [
            `op_${gup.task}`,
            'lock:a:invalidate_lock',
            `op_${punch.task}`,
            `page:${block0}`,
            `op_${gup.task}`,
          ],
        ]);
      } else {
        expect(m.opState(gup.task)).toBe('done');
        m.unpin(1); // t6: the I/O is done.
        m.settle();
        expect(m.opState(punch.task)).toBe('done'); // t7: rescanned, nothing busy.
        expect(m.outcome(punch.task)).toMatchObject({ result: { blocksFreed: 2, wakeups: 1 } });
      }
      await golden(m, `S01.stepped.${column}`);
    },
  );
});

describe('S02 no pins: no call waits, and the layout equals that of a simple model', () => {
  test.each([...safeColumns, 'none'] as const)('S02 %s', async (column) => {
    const m = story(column);
    expect(okOf(m.punch('a', page, 2 * page))).toMatchObject({
      blocksFreed: 2,
      blocksBusy: 0,
      blocksDetached: 0,
      scans: 1,
    });
    expect(okOf(m.truncate('a', 5 * page + 1))).toMatchObject({
      blocksFreed: 2,
      sizeBytes: 5 * page + 1,
    });
    expect(contentOf(m, 'a')).toBe('A..DEF');
    expect(okOf(m.collapse('a', 0, page))).toMatchObject({ sizeBytes: 4 * page + 1 });
    expect(okOf(m.insert('a', page, page))).toMatchObject({ sizeBytes: 5 * page + 1 });
    expect(contentOf(m, 'a')).toBe('...DEF');
    expect(okOf(m.zero('a', 3 * page, page))).toMatchObject({ sizeBytes: 5 * page + 1 });
    expect(contentOf(m, 'a')).toBe('..._EF');
    expect(m.seen('task.blocked')).toEqual([]);
    await golden(m, `S02.${column}`);
  });
});
