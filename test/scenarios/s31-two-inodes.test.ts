// S31: two files exchange ranges of blocks. The file with the lower inode number is locked first,
// and its layout is broken with waiting; the second is broken without. While a page of the second
// file is pinned, everything starts over. On Linux this is a busy loop.
import { describe, expect, test } from 'vitest';
import { apply, atRest } from '../../src/kernel/kernel.ts';
import { releasePin } from '../../src/kernel/mm/gup.ts';
import { taskRecord } from '../../src/kernel/records/operation.ts';
import type { Pin } from '../../src/kernel/state.ts';
import type { PinId } from '../../src/kernel/units.ts';
import { hungTasks } from '../../src/kernel/views/hung-tasks.ts';
import {
  idOf,
  letters,
  type Machine,
  type MachineOptions,
  machine,
  okOf,
  page,
  wordOf,
} from '../machine.ts';
import {
  blockOf,
  breaking,
  type Column,
  columns,
  contentOf,
  everyColumn,
  golden,
  perColumn,
  safeColumns,
} from './story.ts';

const T = { owner: 'T' };
const G = { owner: 'G' };
const whole = { length: 4 * page };

/** Files `a`, which has the lower inode number, and `b`, both mapped. */
function pair(column: Column, options: MachineOptions = {}) {
  const except = column === 'none' ? (['law 1'] as const) : [];
  const m = machine({ strategy: columns[column], except, ...options });
  for (const [name, text] of [
    ['a', 'ABCD'],
    ['b', 'efgh'],
  ] as const) {
    m.create(name);
    const { task } = m.write(name, letters(text), 0);
    if (options.scheduler === 'stepped') m.settle(task);
  }
  return { ...m, a: m.map('a', 4), b: m.map('b', 4) };
}
const contents = (m: Machine): string[] => [contentOf(m, 'a'), contentOf(m, 'b')];
const locksOf = (m: Machine, task: number) =>
  m.task(task)?.locks.map(({ ino, lock }) => `${ino} ${lock}`);

describe('S31 no pins', () => {
  test.each(everyColumn)(
    'S31 %s: the blocks change places, sizes and holes with them',
    (column) => {
      const m = pair(column);
      m.punch('b', page, page);
      const [a0, b0] = [blockOf(m, 'a', 1), blockOf(m, 'b', 2)];
      const used = m.k.counts.blocksUsed;
      expect(
        okOf(m.exchange('a', 'b', { offset: page, withOffset: page, length: 2 * page })),
      ).toMatchObject({ retries: 0 });
      expect(contents(m)).toEqual(['A.gD', 'eBCh']);
      expect([blockOf(m, 'b', 1), blockOf(m, 'a', 2)]).toEqual([a0, b0]);
      expect(m.k.counts.blocksUsed).toBe(used);
      expect(m.seen('extent.freed').length).toBe(1); // Of the punch.
    },
  );

  test('S31 different offsets, from either file, and of one file', () => {
    const m = pair('busy-extents');
    okOf(m.exchange('b', 'a', { offset: 0, withOffset: 3 * page, length: page }));
    expect(contents(m)).toEqual(['ABCe', 'Dfgh']);
    okOf(m.exchange('a', 'a', { offset: 0, withOffset: 2 * page, length: 2 * page }));
    expect(contents(m)).toEqual(['CeAB', 'Dfgh']);
    expect(okOf(m.exchange('a', 'b', { length: 0 }))).toMatchObject({ sizeBytes: 4 * page });
    expect(contents(m)).toEqual(['CeAB', 'Dfgh']);
  });

  test('S31 mappings of both files show the new blocks, private copies stay', () => {
    const m = pair('break-layouts.modern');
    const copied = m.call(
      'mmap',
      { file: 'a' },
      { offset: 0, length: page, access: 'read-write', shared: false },
    );
    const mine = Number(String(okOf(copied).id).slice(4));
    m.store(mine, 0, Uint8Array.of(0x2a));
    m.load(m.a, 0, 4 * page);
    okOf(m.exchange('a', 'b', whole));
    expect([...(okOf(m.load(m.a, 0, 1)).data as Uint8Array)]).toEqual([0x65]);
    expect([...(okOf(m.load(mine, 0, 1)).data as Uint8Array)]).toEqual([0x2a]);
  });
});

describe('S31 a page of the first file is pinned', () => {
  const words = perColumn(
    'asleep',
    'asleep',
    'asleep',
    'asleep',
    'asleep',
    'asleep',
    'EBUSY',
    'done',
  );
  test.each(everyColumn)('S31 first %s', async (column) => {
    const m = pair(column);
    const pin = m.pinned(m.a, 2 * page, page, G);
    // Asked of the second: the order of the locks is that of the inodes all the same.
    const { task, outcome } = m.exchange('b', 'a', whole, T);
    expect(wordOf({ task, outcome })).toBe(words[column]);
    if (words[column] === 'asleep') {
      expect(m.opState(task)).toBe(`S page ${blockOf(m, 'a', 2)}`);
      const locks = ['2 i_rwsem', '3 i_rwsem'];
      expect(locksOf(m, task)).toEqual(
        column === 'wait-for-refs' ? [...locks, '2 invalidate_lock'] : locks,
      );
      const victims = [m.read('a', 0, 1), m.read('b', 0, 1)];
      expect(victims.map((victim) => m.opState(victim.task))).toEqual(['D i_rwsem', 'D i_rwsem']);
      expect(contents(m)).toEqual(['ABCD', 'efgh']);
      m.unpin(pin);
      expect(victims.map((victim) => m.opState(victim.task))).toEqual(['done', 'done']);
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({ retries: 0, wakeups: 1 });
    }
    expect(contents(m)).toEqual(column === 'refuse' ? ['ABCD', 'efgh'] : ['efgh', 'ABCD']);
    expect(m.seen('warning.raised').length).toBe(column === 'none' ? 1 : 0);
    await golden(m, `S31.first.${column}`);
  });

  test.each(safeColumns.filter((column) => column !== 'refuse'))(
    'S31 %s: a signal is EINTR and nothing moved; SA_RESTART waits on',
    (column) => {
      const m = pair(column);
      const pin = m.pinned(m.a, 2 * page, page, G);
      const { task } = m.exchange('b', 'a', whole, T);
      m.cancel(task, true);
      expect(m.opState(task)).toMatch(/^S page/);
      m.cancel(task);
      expect(m.opState(task)).toBe('EINTR');
      expect(contents(m)).toEqual(['ABCD', 'efgh']);
      expect(m.file('a').users + m.file('b').users).toBe(0);
      m.unpin(pin);
    },
  );
});

describe('S31 a page of the second file is pinned', () => {
  const spinning: Column[] = ['busy-extents', 'detach-and-wait', ...breaking];

  test.each(everyColumn)('S31 second %s', async (column) => {
    const m = pair(column);
    const pin = m.pinned(m.b, page, page, G);
    const { task } = m.exchange('a', 'b', whole, T);
    const pfn = 3 + 4;
    if (spinning.includes(column)) {
      expect(m.opState(task)).toBe(`R spins on ${pfn}`);
      expect(locksOf(m, task)).toEqual(['2 i_rwsem', '3 i_rwsem']);
      m.advance(1);
      m.advance(1);
      expect(m.seen('layout.retried').map(({ file, data }) => [file, data.retries])).toEqual(
        [1, 2, 3].map((n) => ['b', n]),
      );
      // The fault locks are free between two looks.
      expect(wordOf(m.fault(m.a, 0, 'read'))).toBe('done');
      expect(wordOf(m.fault(m.b, 2 * page, 'read'))).toBe('done');
      expect(wordOf(m.cancel(task))).toBe('EBUSY');
      m.unpin(pin);
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({ retries: 6, wakeups: 0 });
    } else if (column === 'wait-for-refs') {
      expect(m.opState(task)).toBe(`S page ${pfn}`);
      expect(m.seen('task.blocked').at(-1)).toMatchObject({
        file: 'b',
        data: { on: 'page', pfn, pgoff: 1 },
      });
      expect(locksOf(m, task)).toEqual([
        '2 i_rwsem',
        '3 i_rwsem',
        '2 invalidate_lock',
        '3 invalidate_lock',
      ]);
      m.unpin(pin);
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({ retries: 0, wakeups: 1 });
    } else {
      expect(m.opState(task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
    }
    expect(contents(m)).toEqual(column === 'refuse' ? ['ABCD', 'efgh'] : ['efgh', 'ABCD']);
    await golden(m, `S31.second.${column}`);
  });

  test.each(spinning)(
    'S31 %s: a pin with holdMs ends it, because its timer causes a scan',
    (column) => {
      const m = pair(column);
      m.pinned(m.b, page, page, G, { holdMs: 10 });
      const { task } = m.exchange('a', 'b', whole, T);
      m.advance(9);
      expect(m.opState(task)).toMatch(/^R spins/);
      m.advance(1);
      expect(m.opState(task)).toBe('done');
    },
  );

  test.each(spinning)(
    'S31 %s: a pin that is released in the last step of an entry leaves work for the next entry',
    (column) => {
      const m = pair(column);
      const pin = m.pinned(m.b, page, page, G);
      const { task } = m.exchange('a', 'b', whole, T);
      expect(atRest(m.k)).toBe(true);
      // As where get_user_pages is undone; what spins had its look before.
      releasePin(m.k, m.k.pins.get(pin as PinId) as Pin);
      expect(atRest(m.k)).toBe(false);
      const { replies } = apply(m.k, { seq: m.k.seq + 1, timeMs: 0, command: null });
      expect(replies).toMatchObject([{ task, outcome: { ok: true } }]);
      expect(atRest(m.k)).toBe(true);
    },
  );

  test.each(spinning)(
    'S31 %s: it starts over from the first file, which may be pinned by now',
    (column) => {
      const m = pair(column);
      const second = m.pinned(m.b, page, page, G);
      const { task } = m.exchange('a', 'b', whole, T);
      const first = m.pinned(m.a, 0, page, G);
      m.advance(1);
      expect(m.opState(task)).toBe(`S page ${blockOf(m, 'a', 0)}`);
      m.unpin(first);
      expect(m.opState(task)).toMatch(
        column === 'break-layouts.modern' ? /^(R spins|S page)/ : /^R spins/,
      );
      if (column === 'break-layouts.modern') m.munmap(m.a);
      m.unpin(second);
      expect(m.opState(task)).toBe('done');
      expect(contents(m)).toEqual(['efgh', 'ABCD']);
    },
  );

  test('S31 nowait is EAGAIN with the blockers, and nothing moved', () => {
    const m = pair('break-layouts.modern');
    m.pinned(m.b, page, page, G);
    const refused = m.exchange('a', 'b', whole, { nowait: true });
    expect(refused.outcome).toMatchObject({
      failure: { errno: 'EAGAIN', rule: 'SL2', blockedBy: [{ owner: 'G', pgoff: 1 }] },
    });
    expect(contents(m)).toEqual(['ABCD', 'efgh']);
    expect(wordOf(m.read('a', 0, 1))).toBe('done');
  });

  test('S31 the holder of the pin reads one of the files: a livelock, reported once; failOnDeadlock is EDEADLK', () => {
    const m = pair('break-layouts.modern');
    const pin = m.pinned(m.b, page, page, G);
    const { task } = m.exchange('a', 'b', whole, T);
    const read = m.read('a', 0, 1, G);
    expect(m.opState(read.task)).toBe('D i_rwsem');
    m.advance(1);
    m.advance(1);
    expect(m.seen('deadlock.detected').length).toBe(1);
    m.unpin(pin);
    expect([m.opState(task), m.opState(read.task)]).toEqual(['done', 'done']);

    const n = pair('break-layouts.modern');
    n.pinned(n.b, page, page, G);
    n.pinned(n.a, page, page, { owner: 'H' }, { holdMs: 5 });
    const exchange = n.exchange('a', 'b', whole, { owner: 'T', failOnDeadlock: true });
    const reader = n.read('a', 0, 1, G);
    n.advance(5);
    expect(n.opState(exchange.task)).toBe('EDEADLK');
    expect(n.opState(reader.task)).toBe('done');
    expect(contents(n)).toEqual(['ABCD', 'efgh']);
  });

  test('S31 a spinning call is in state R: not a hung task, but named as the culprit of those behind it', () => {
    const m = pair('break-layouts.modern');
    m.pinned(m.b, page, page, G);
    const { task } = m.exchange('a', 'b', whole, T);
    const read = m.read('b', 0, 1);
    m.advance(200_000);
    const listed = hungTasks.read(m.k, {}, { seconds: 120, pageSize: 100 }, m.k.nowMs);
    expect(listed).toMatchObject({
      result: {
        items: [
          {
            operation: `op_${read.task}`,
            culprits: [{ operation: `op_${task}`, state: 'running', pins: [{ owner: 'G' }] }],
          },
        ],
      },
    });
    const live = m.task(task);
    expect(live && taskRecord(m.k, live, m.k.nowMs)).toMatchObject({
      sleepingOn: { page: { pgoff: 1 }, state: 'R' },
      blockedBy: [{ owner: 'G', pgoff: 1 }],
    });
  });

  test('S31 single steps: it comes to rest, and every entry lets it scan again', () => {
    const m = pair('break-layouts.fixed', { scheduler: 'stepped' });
    const pinning = m.pin(m.b, page, page, G);
    m.settle();
    const { task } = m.exchange('a', 'b', whole, T);
    expect(m.settle()).toBe(6);
    expect(m.settle()).toBe(0);
    expect(m.opState(task)).toMatch(/^R spins/);
    m.advance(1);
    expect(m.settle()).toBe(4); // From lockMapping on.
    m.unpin(
      Number(String(okOf({ task: pinning.task, outcome: m.outcome(pinning.task) }).id).slice(4)),
    );
    m.settle();
    expect(m.opState(task)).toBe('done');
    expect(contents(m)).toEqual(['efgh', 'ABCD']);
  });

  test.each(['auto', 'stepped'] as const)(
    'S31 two spin at once, %s: neither keeps the machine from coming to rest',
    (scheduler) => {
      const m = pair('break-layouts.fixed', { scheduler });
      const rest = () => scheduler === 'stepped' && m.settle();
      for (const name of ['c', 'd']) {
        m.create(name);
        m.write(name, letters('1234'), 0);
        rest();
      }
      const d = m.map('d', 4);
      const pins = [m.b, d].map((mapping) => {
        const { task } = m.pin(mapping, page, page, G);
        rest();
        return idOf({ task, outcome: m.outcome(task) });
      });
      const tasks = [m.exchange('a', 'b', whole, T), m.exchange('c', 'd', whole, T)].map(
        ({ task }) => task,
      );
      rest();
      expect(tasks.map((task) => m.opState(task))).toEqual(
        tasks.map(() => expect.stringMatching(/^R/)),
      );
      m.unpin(pins[0] as number);
      rest();
      expect(tasks.map((task) => m.opState(task))).toEqual(['done', expect.stringMatching(/^R/)]);
      m.unpin(pins[1] as number);
      rest();
      expect(tasks.map((task) => m.opState(task))).toEqual(['done', 'done']);
    },
  );

  test('S31 the strategy changes while it spins: it scans under the new one', () => {
    const m = pair('break-layouts.modern');
    m.pinned(m.b, page, page, G);
    const { task } = m.exchange('a', 'b', whole, T);
    m.strategy('refuse');
    expect(m.opState(task)).toBe('EBUSY');
  });

  test('S31 the second file is unlinked meanwhile, and evicted after the exchange; a power cycle and a forced umount end it', () => {
    const m = pair('break-layouts.fixed');
    const pin = m.pinned(m.b, page, page, G);
    m.munmap(m.b);
    const { task } = m.exchange('a', 'b', whole, T);
    const unlink = m.unlink('b');
    expect(m.opState(unlink.task)).toBe('D i_rwsem');
    m.unpin(pin);
    expect([m.opState(task), m.opState(unlink.task)]).toEqual(['done', 'done']);
    expect(m.k.inodes.size).toBe(1);
    expect(contentOf(m, 'a')).toBe('efgh');

    for (const end of [
      (n: Machine) => n.call('power-cycle', {}, {}),
      (n: Machine) => n.umount(true),
    ]) {
      const n = pair('break-layouts.fixed');
      n.pinned(n.b, page, page, G);
      const exchange = n.exchange('a', 'b', whole, T);
      expect(wordOf(n.umount())).toBe('EBUSY');
      end(n);
      expect(n.opState(exchange.task)).toBe('ENODEV');
    }
  });
});

describe('S31 errnos', () => {
  const cases = [
    { what: 'an odd offset', at: { offset: 1, length: page }, errno: 'EINVAL', rule: 'XR1' },
    {
      what: 'an odd offset in the other',
      at: { withOffset: 100, length: page },
      errno: 'EINVAL',
      rule: 'XR1',
    },
    { what: 'an odd length inside both', at: { length: 100 }, errno: 'EINVAL', rule: 'XR1' },
    {
      what: 'an odd length to the end of one',
      at: { offset: 4 * page, length: 10 },
      errno: 'EINVAL',
      rule: 'XR1',
    },
    {
      what: 'a range past the end',
      at: { offset: 4 * page, length: 2 * page },
      errno: 'EINVAL',
      rule: 'XR2',
    },
    {
      what: 'a start past the end',
      at: { offset: 8 * page, length: 0 },
      errno: 'EINVAL',
      rule: 'XR2',
    },
  ];
  const tailed = (column: Column) => {
    const m = pair(column);
    m.write('a', new Uint8Array(10).fill(0x5a), 4 * page);
    m.write('b', new Uint8Array(page).fill(0x69), 4 * page);
    return m;
  };

  test.each(cases)('XR1 $what is $rule, after the wait', ({ at, errno, rule }) => {
    const m = tailed('break-layouts.modern');
    const pin = m.pinned(m.a, 0, page, G);
    const { task } = m.exchange('a', 'b', at, T);
    expect(m.opState(task)).toMatch(/^S page/);
    m.unpin(pin);
    expect(m.outcome(task)).toMatchObject({ failure: { errno, rule } });
  });

  test('XR1 an odd length where both end with their files', () => {
    const m = tailed('busy-extents');
    m.truncate('b', page + 10);
    expect(
      okOf(m.exchange('a', 'b', { offset: 4 * page, withOffset: page, length: 10 })),
    ).toMatchObject({
      sizeBytes: 4 * page + 10,
      withSizeBytes: page + 10,
    });
    expect(contents(m)).toEqual(['ABCDf', 'eZ']);
  });

  test('XR3 one file, ranges that overlap', () => {
    const m = pair('busy-extents');
    expect(
      m.exchange('a', 'a', { offset: 0, withOffset: page, length: 2 * page }).outcome,
    ).toMatchObject({
      failure: { rule: 'XR3' },
    });
  });

  test('XR2 offset + length overflows: before the wait', () => {
    const m = pair('break-layouts.modern');
    m.pinned(m.a, 0, page, G);
    const refused = m.exchange('a', 'b', { offset: Number.MAX_SAFE_INTEGER, length: page });
    expect(refused.outcome).toMatchObject({ failure: { errno: 'EINVAL', rule: 'XR2' } });
  });

  test.each(['ext4', 'ext2', 'btrfs'] as const)('XR4 %s: EOPNOTSUPP before any wait', (kind) => {
    const m = machine({ kind });
    m.create('a');
    m.create('b');
    expect(m.exchange('a', 'b', { length: 0 }).outcome).toMatchObject({
      failure: { errno: 'EOPNOTSUPP', rule: 'XR4' },
    });
    expect(m.file('b').users).toBe(0);
  });

  test('NM1 no such file', () => {
    const m = pair('busy-extents');
    expect(wordOf(m.exchange('a', 'z', whole))).toBe('ENOENT');
  });

  test('LM3 more extents than a file may have: EFBIG, and nothing moved', () => {
    const m = pair('busy-extents', { limits: { extentsPerFile: 6 } });
    m.punch('b', page, page);
    expect(m.exchange('a', 'b', whole).outcome).toMatchObject({ ok: true });
    m.truncate('b', 12 * page);
    for (const pgoff of [5, 7, 9]) m.write('b', letters('x'), pgoff * page);
    expect(m.exchange('a', 'b', { length: 4 * page }).outcome).toMatchObject({
      failure: { errno: 'EFBIG', rule: 'LM3' },
    });
  });
});
