// Every limit holds. When it is reached, the caller gets an error, and operations that reduce the
// usage still work.
import { describe, expect, test } from 'vitest';
import { views } from '../../src/kernel/views/index.ts';
import { letters, type Machine, machine, okOf, page, wordOf } from '../machine.ts';
import { contentOf, space, story } from '../scenarios/story.ts';

function look(m: Machine, name: string, query: Record<string, unknown> = {}) {
  const view = views.get(name);
  if (view === undefined) throw new Error(`no view ${name}`);
  const read = view.read(m.k, {}, view.query.parse(query), m.k.nowMs);
  if (!read.ok) throw new Error(read.failure.why);
  return view.result.parse(read.result) as Record<string, unknown[]>;
}

describe('bounds', () => {
  test('LM1 a full table of operations refuses a truncate, but not operations that empty it', () => {
    const m = story('break-layouts.modern', { limits: { tasks: 2 } });
    const pin = m.pinned(m.mapping, 0, page);
    const sleepers = [m.truncate('a', 0), m.truncate('a', page)];
    expect(m.truncate('a', 2 * page).outcome).toMatchObject({
      failure: { errno: 'EAGAIN', rule: 'LM1' },
    });
    expect(wordOf(m.cancel(sleepers[0]?.task ?? 0))).toBe('done');
    m.truncate('a', 0);
    expect(wordOf(m.unpin(pin))).toBe('done');
    expect(m.k.tasks.size).toBe(0);
  });

  test('LM1 munmap ends the wait for a page that was faulted back in, even with a full table', () => {
    const m = story('break-layouts.modern', { limits: { tasks: 1 } });
    const pin = m.pinned(m.mapping, 0, page);
    const cut = m.truncate('a', 0);
    m.k.limits.tasks = 2;
    m.fault(m.mapping, 0, 'read');
    m.k.limits.tasks = 1;
    m.unpin(pin);
    expect(m.opState(cut.task)).toMatch(/^S page/);
    expect(wordOf(m.munmap(m.mapping))).toBe('done');
    expect(m.k.tasks.size).toBe(0);
  });

  test('LM6 pins hold a bounded number of pages: ENOMEM', () => {
    const m = story('break-layouts.modern', { limits: { pinnedReferences: 5 } });
    const pin = m.pinned(m.mapping, 0, 3 * page);
    expect(m.pin(m.mapping, 0, 3 * page).outcome).toMatchObject({
      failure: { errno: 'ENOMEM', rule: 'LM6' },
    });
    m.unpin(pin);
    expect(wordOf(m.pin(m.mapping, 0, 3 * page))).toBe('done');
  });

  test('LM7 private copies are bounded: ENOMEM, and munmap makes room', () => {
    const m = story('break-layouts.modern', { limits: { anonPages: 2 } });
    const copies = okOf(
      m.call(
        'mmap',
        { file: 'a' },
        { offset: 0, length: 8 * page, access: 'read-write', shared: false },
      ),
    ).id;
    const mapping = Number(String(copies).slice(4));
    expect(m.store(mapping, 0, letters('xyz')).outcome).toMatchObject({
      failure: { errno: 'ENOMEM', rule: 'LM7' },
    });
    expect(m.k.anonPages.size).toBe(2);
    m.munmap(mapping);
    expect(m.k.anonPages.size).toBe(0);
  });

  test('PO6 the list of bad blocks is bounded: ENOSPC', () => {
    const m = machine({ blocks: 65_536 });
    for (let i = 0; i < 4; i++)
      expect(wordOf(m.call('poison', {}, { block: i * 65_536, count: 65_536 }))).toBe('done');
    expect(m.call('poison', {}, { block: 4 * 65_536 }).outcome).toMatchObject({
      failure: { errno: 'ENOSPC', rule: 'PO6' },
    });
  });

  test('IN2 insert-range does not move preallocated blocks above the largest file', () => {
    const m = machine({});
    m.create('a');
    m.write('a', letters('A'), 0);
    m.allocate('a', 2 ** 53 - 2 * page, page, true);
    expect(m.insert('a', 0, 4 * page).outcome).toMatchObject({
      failure: { errno: 'EINVAL', rule: 'IN2' },
    });
    m.unlink('a');
    expect(space(m).used).toBe(0);
  });

  test('timers go with what they were for', () => {
    const m = story('break-layouts.modern');
    for (let i = 0; i < 20; i++) {
      m.truncate('a', 8 * page, { timeoutMs: 1_000_000 });
      m.unpin(m.pinned(m.mapping, 0, page, {}, { holdMs: 1_000_000 }));
    }
    expect(m.k.timers).toEqual({ times: [], at: new Map() });
  });

  test('an ended operation keeps the beginning of a long list of pages', () => {
    const m = machine({ blocks: 2048 });
    m.create('a', 1000 * page);
    m.write('a', letters('A'), 0);
    const mapping = m.map('a', 1000);
    const { task } = m.call(
      'fault',
      { mapping },
      { offset: 0, length: 1000 * page, access: 'read' },
      { keep: true } as never,
    );
    const outcome = m.k.ended.get(task as never)?.outcome;
    expect(outcome).toMatchObject({ ok: true, result: { pagesOmitted: 984 } });
  });

  test('a long queue on a lock is reported in one pass, not one search per waiter', () => {
    const m = story('break-layouts.modern', {
      limits: { tasks: 5000, stepsPerApply: 1_000_000 },
      checkEvery: 10_000,
    });
    const pin = m.pinned(m.mapping, 0, page, { owner: 'nic' });
    const first = m.truncate('a', 0).task;
    for (let i = 0; i < 2000; i++) m.read('a', 0, 1, { owner: `reader${i}` });
    const graph = look(m, 'wait-graph');
    expect(graph.cycles).toEqual([]);
    expect(graph).toMatchObject({ omitted: 1001 });
    expect(graph.nodes?.length).toBeLessThan(1010);
    m.advance(200_000);
    expect(look(m, 'hung-tasks', { pageSize: 1 }).items).toMatchObject([
      { culprits: [{ operation: `op_${first}`, state: 'S' }] },
    ]);
    m.unpin(pin);
    expect(m.k.tasks.size).toBe(0);
  });

  test('pages: a page of a list costs a page, wherever it begins', () => {
    const m = story('break-layouts.modern');
    m.pinned(m.mapping, 2 * page, 3 * page);
    const all = look(m, 'pages', { file: 'a' }).items as { pfn: number; pins: number }[];
    expect(all.map(({ pins }) => pins)).toEqual([0, 0, 1, 1, 1, 0, 0, 0]);
    expect(
      (look(m, 'pages', { pinned: true }).items as { pfn: number }[]).map(({ pfn }) => pfn),
    ).toEqual([4, 5, 6]);
    const { items, nextPageToken } = look(m, 'pages', { file: 'a', pinned: true, pageSize: 2 });
    expect((items as { pfn: number }[]).map(({ pfn }) => pfn)).toEqual([4, 5]);
    const rest = look(m, 'pages', {
      file: 'a',
      pinned: true,
      pageSize: 2,
      pageToken: nextPageToken,
    }).items;
    expect((rest as { pfn: number }[]).map(({ pfn }) => pfn)).toEqual([6]);
  });
});

describe('deadlocks that are none', () => {
  test('DL1 a pin with holdMs is released automatically: no cycle, and the truncate ends', () => {
    const m = story('break-layouts.modern');
    m.pinned(m.mapping, 0, page, { owner: 'P' }, { holdMs: 100 });
    const truncate = m.truncate('a', 0);
    const read = m.read('a', 0, 1, { owner: 'P', failOnDeadlock: true });
    expect(m.seen('deadlock.detected')).toEqual([]);
    m.advance(100);
    expect([m.opState(truncate.task), m.opState(read.task)]).toEqual(['done', 'done']);
  });

  test('DL1 a cycle is reported once, whatever its owner does by DMA meanwhile', () => {
    const m = story('wait-for-refs');
    const pin = m.pinned(m.mapping, 0, page, { owner: 'G' });
    m.punch('a', 0, 2 * page, { owner: 'T' });
    m.pin(m.mapping, page, page, { owner: 'G' });
    m.call('dma-write', { pin }, { offset: 0 }, { owner: 'G' }, letters('x'));
    m.call('dma-read', { pin }, {}, { owner: 'G' });
    expect(m.seen('deadlock.detected').length).toBe(1);
  });
});

test('SL3 an interrupt that is pending is not taken back by SA_RESTART', () => {
  const m = story('break-layouts.modern', { scheduler: 'stepped' });
  const pin = m.pin(m.mapping, 0, page);
  m.settle(pin.task);
  const truncate = m.truncate('a', 0);
  m.stepTo(truncate.task, 'test');
  m.cancel(truncate.task);
  m.cancel(truncate.task, true);
  m.settle();
  expect(m.opState(truncate.task)).toBe('EINTR');
});

test('ST9 a write that replaces the content can use at once the old blocks without pins', () => {
  const m = machine({ strategy: 'detach-and-wait', blocks: 16 });
  m.create('a');
  m.write('a', letters('ABCDEFGHIJ'), 0);
  const mapping = m.map('a', 10);
  const pin = m.pinned(mapping, 4 * page, page);
  const put = m.write('a', letters('abcdefgh'));
  expect(space(m)).toMatchObject({ used: 8, detached: 1 });
  m.unpin(pin);
  expect(okOf({ task: put.task, outcome: m.outcome(put.task) })).toMatchObject({
    bytesWritten: 8 * page,
  });
  expect(contentOf(m, 'a')).toBe('abcdefgh');
});
