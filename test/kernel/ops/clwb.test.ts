// CLWB of a page without a page-table entry is checked and faults like a load of one byte, and it
// writes back by physical address. An acknowledged flush survives a power cut even if the page was
// unmapped since.
import { describe, expect, test } from 'vitest';
import type { Kind, LinuxVersion } from '../../../src/kernel/state.ts';
import {
  bytesOf,
  idOf,
  letters,
  type Machine,
  machine,
  okOf,
  page,
  type Ran,
  wordOf,
} from '../../machine.ts';

const mark = Buffer.from('balance=00000042');
const line = 64;

interface Box {
  kind?: Kind;
  kernel?: LinuxVersion;
  strategy?: string;
}

/** File `f` of 16 pages of A, map_1 over all of it, and `mark` stored at its beginning. */
function stored({ kind = 'xfs', kernel = '7.3', strategy }: Box = {}): Machine {
  const m = machine({ kind, kernel, blocks: 256, ...(strategy === undefined ? {} : { strategy }) });
  m.create('f');
  m.write('f', letters('A'.repeat(16)), 0);
  m.map('f', 16);
  m.store(1, 0, mark);
  return m;
}

const flush = (m: Machine, mapping: number, more: Record<string, unknown> = {}, by = {}): Ran =>
  m.call('flush', { mapping }, more, by);
const cut = (m: Machine): Record<string, unknown> =>
  okOf(m.call('power-cycle', {}, { drop: 'all' }));
const first16 = (m: Machine, offset = 0): string =>
  Buffer.from(bytesOf(m.read('f', offset, 16))).toString();

const boxes: Box[] = [
  { kind: 'xfs', kernel: '7.3' },
  { kind: 'xfs', kernel: '6.12' },
  { kind: 'ext4', kernel: '7.3' },
  { kind: 'ext4', kernel: '6.12' },
];

describe.each(boxes)('PC1 $kind $kernel: a flush after the page left the page table', (box) => {
  const unmapped: { what: string; act(m: Machine): Ran; at?: number }[] = [
    { what: 'a punch elsewhere', act: (m) => m.punch('f', 10 * page, page) },
    { what: 'a truncate up', act: (m) => m.truncate('f', 70_000) },
    { what: 'a truncate down behind it', act: (m) => m.truncate('f', 2 * page) },
    { what: 'a truncate to the same size', act: (m) => m.truncate('f', 16 * page) },
    { what: 'a zero-range elsewhere', act: (m) => m.zero('f', 8 * page, 3 * page) },
    { what: 'a collapse behind it', act: (m) => m.collapse('f', 4 * page, 2 * page) },
    { what: 'an insert that moved it', act: (m) => m.insert('f', 0, page), at: page },
  ];
  test.each(unmapped)('after $what', ({ act, at = 0 }) => {
    const m = stored(box);
    expect(wordOf(act(m))).toBe('done');
    expect(okOf(flush(m, 1, { offset: at, length: 16 }))).toEqual({ linesFlushed: 1 });
    expect(okOf(flush(m, 1, { offset: at, length: 16 }))).toEqual({ linesFlushed: 0 });
    cut(m);
    expect(first16(m, at)).toBe('balance=00000042');
  });

  test('through another shared mapping that never touched the page, read-only too', () => {
    for (const access of ['read', 'read-write'] as const) {
      const m = stored(box);
      const other = m.map('f', 16, {}, access);
      expect(okOf(flush(m, other, { offset: 3, length: 1 }))).toEqual({ linesFlushed: 1 });
      cut(m);
      expect(first16(m)).toBe('balance=00000042');
    }
  });
});

describe('FT3 CLWB takes the faults of a load', () => {
  test('beyond the end of the file it is a SIGBUS; msync of the same range is done', () => {
    const m = machine({ blocks: 64 });
    m.create('f');
    m.write('f', letters('A'), 0);
    m.map('f', 16);
    const refused = flush(m, 1, { offset: 2 * page, length: line });
    expect(refused.outcome).toMatchObject({ ok: false, failure: { errno: 'SIGBUS', rule: 'FT3' } });
    expect(m.load(1, 2 * page, 1).outcome).toMatchObject({
      failure: { errno: 'SIGBUS', rule: 'FT3' },
    });
    expect(okOf(flush(m, 1, { offset: 2 * page, length: line, how: 'msync' }))).toEqual({
      linesFlushed: 0,
    });
  });

  test('a whole mapping that reaches past the end: what lies before is flushed, then SIGBUS', () => {
    const m = stored();
    m.truncate('f', 2 * page);
    m.map('f', 16);
    m.store(2, page, mark);
    expect(wordOf(flush(m, 2))).toBe('SIGBUS');
    cut(m);
    expect(first16(m)).toBe('balance=00000042');
    expect(first16(m, page)).toBe('balance=00000042');
  });

  test('a poisoned page is a SIGBUS, PO1', () => {
    const m = stored();
    const pfn =
      m.k.inodes.size > 0
        ? Number((okOf(m.fault(1, 5 * page, 'read')).pages as { pfn: number }[])[0]?.pfn)
        : 0;
    okOf(m.call('poison', {}, { block: pfn * 8 }));
    expect(flush(m, 1, { offset: 5 * page, length: 1 }).outcome).toMatchObject({
      failure: { errno: 'SIGBUS', rule: 'PO1' },
    });
    expect(okOf(flush(m, 1, { offset: 0, length: 1 }))).toEqual({ linesFlushed: 1 });
  });

  test('outside the mapping it is an EFAULT, and of nothing an EINVAL', () => {
    const m = stored();
    expect(wordOf(flush(m, 1, { offset: 16 * page, length: 1 }))).toBe('EFAULT');
    expect(wordOf(flush(m, 1, { offset: 15 * page, length: page + 1 }))).toBe('EFAULT');
    expect(wordOf(flush(m, 1, { offset: 0, length: 0 }))).toBe('EINVAL');
  });

  test('more pages than one call touches are refused, LM5; msync takes them', () => {
    const m = machine({ blocks: 64, limits: { pagesPerPin: 4 } });
    m.create('f', 8 * page);
    m.map('f', 8);
    expect(flush(m, 1).outcome).toMatchObject({ failure: { errno: 'EINVAL', rule: 'LM5' } });
    expect(wordOf(flush(m, 1, { offset: 100, length: 4 * page - 100 }))).toBe('done');
    expect(wordOf(flush(m, 1, { how: 'msync' }))).toBe('done');
  });
});

describe('FT4 what CLWB maps', () => {
  test('a hole gets the zero page and no block', () => {
    const m = machine({ blocks: 64 });
    m.create('f', 4 * page);
    m.map('f', 4);
    expect(okOf(flush(m, 1))).toEqual({ linesFlushed: 0 });
    expect(m.k.counts.blocksUsed).toBe(0);
    expect(m.seen('page.faulted').map(({ data }) => data.zeroPage)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test('the page of the file in a private mapping, and nothing of a copy', () => {
    const m = stored();
    const mine = idOf(
      m.call(
        'mmap',
        { file: 'f' },
        { offset: 0, length: 2 * page, access: 'read-write', shared: false },
      ),
    );
    m.store(mine, page, mark);
    expect(okOf(flush(m, mine, { offset: page, length: 16 }))).toEqual({ linesFlushed: 0 });
    expect(okOf(flush(m, mine, { offset: 0, length: 16 }))).toEqual({ linesFlushed: 1 });
    cut(m);
    expect(first16(m)).toBe('balance=00000042');
    expect(first16(m, page)).toBe('A'.repeat(16));
  });

  test('a range that begins and ends inside pages: the lines that it touches, in each', () => {
    const m = stored();
    m.store(1, page - 100, Buffer.alloc(2 * page, 'x'));
    m.punch('f', 15 * page, page);
    // 36 bytes to the end of page 0, page 1 whole, 10 bytes of page 2: 1 + 64 + 1 lines.
    expect(okOf(flush(m, 1, { offset: page - 36, length: 36 + page + 10 }))).toEqual({
      linesFlushed: 66,
    });
  });

  test('one entry of 2 MiB, faulted at once', () => {
    const m = machine({ blocks: 2048 });
    m.create('f');
    m.write('f', new Uint8Array(2 ** 21), 0);
    m.map('f', 512);
    m.store(1, 300 * page, mark);
    m.truncate('f', 2 ** 21);
    expect(okOf(flush(m, 1, { offset: 300 * page, length: 16 }))).toEqual({ linesFlushed: 1 });
    expect(m.seen('page.pmd_faulted').at(-1)?.data).toMatchObject({
      result: 'NOPAGE',
      access: 'read',
    });
  });
});

describe('SL6 CLWB waits for the fault lock as a load does', () => {
  test('wait-for-refs holds it: state D, then the page is faulted in; a mapped page waits for nothing', () => {
    const m = stored({ strategy: 'wait-for-refs' });
    const pin = m.pinned(1, 12 * page, page, { owner: 'P' });
    const truncate = m.truncate('f', 8 * page, { owner: 'T' });
    expect(m.opState(truncate.task)).toMatch(/^S page/);
    expect(okOf(flush(m, 1, { offset: 0, length: 16 }, { owner: 'F' }))).toEqual({
      linesFlushed: 1,
    });
    const { task } = flush(m, 1, { offset: 4 * page, length: 16 }, { owner: 'F' });
    expect(m.opState(task)).toBe('D invalidate_lock');
    expect(wordOf(flush(m, 1, { offset: 4 * page, length: 1 }, { nowait: true }))).toBe('EAGAIN');
    m.unpin(pin);
    expect(m.outcome(task)).toEqual({ ok: true, result: { linesFlushed: 0 } });
  });

  test('break-layouts drops it while it sleeps, so the flush succeeds', () => {
    const m = stored();
    m.pinned(1, 5 * page, page, { owner: 'P' });
    const truncate = m.truncate('f', 0, { owner: 'T' });
    expect(m.opState(truncate.task)).toMatch(/^S page/);
    expect(okOf(flush(m, 1, { offset: 0, length: 16 }, { owner: 'F' }))).toEqual({
      linesFlushed: 1,
    });
    expect(m.opState(truncate.task)).toMatch(/^S page/);
  });

  test('a mapping that is removed during the wait is an EFAULT, as for a load', () => {
    const m = stored({ strategy: 'wait-for-refs' });
    m.pinned(1, 12 * page, page, { owner: 'P' });
    m.truncate('f', 8 * page, { owner: 'T' });
    const { task } = flush(m, 1, { offset: 4 * page, length: 16 }, { owner: 'F' });
    m.munmap(1);
    m.call('power-cycle', {}, {});
    expect(m.opState(task)).toBe('ENODEV');
  });
});

describe('msync(2), measured', () => {
  const rows: { what: string; args: Record<string, unknown>; is: string }[] = [
    { what: 'an address inside a page', args: { offset: 1, length: 10 }, is: 'EINVAL MS1' },
    {
      what: 'an address inside a page, length 0',
      args: { offset: 1, length: 0 },
      is: 'EINVAL MS1',
    },
    {
      what: 'an address inside a page, outside',
      args: { offset: 17 * page + 1, length: 10 },
      is: 'EINVAL MS1',
    },
    { what: 'length 0', args: { offset: page, length: 0 }, is: '0' },
    { what: 'length 0, outside', args: { offset: 20 * page, length: 0 }, is: '0' },
    { what: 'a range outside', args: { offset: 16 * page, length: page }, is: 'ENOMEM MS2' },
    { what: 'a range that ends outside', args: { offset: 0, length: 17 * page }, is: 'ENOMEM MS2' },
    { what: 'a length that is no number of pages', args: { offset: 0, length: 10 }, is: '1' },
    {
      what: 'the largest offset',
      args: { offset: 2 ** 53 - page, length: page - 1 },
      is: 'ENOMEM MS2',
    },
    { what: 'no range at all', args: {}, is: '1' },
  ];
  test.each(rows)('$what: $is', ({ args, is }) => {
    const m = stored();
    const { outcome } = flush(m, 1, { ...args, how: 'msync' });
    if (outcome?.ok === true)
      expect(String((outcome.result as { linesFlushed: number }).linesFlushed)).toBe(is);
    else expect(`${outcome?.failure.errno} ${outcome?.failure.rule}`).toBe(is);
  });

  test('MS2 the mapped part is flushed', () => {
    const m = stored();
    expect(wordOf(flush(m, 1, { offset: 0, length: 20 * page, how: 'msync' }))).toBe('ENOMEM');
    cut(m);
    expect(first16(m)).toBe('balance=00000042');
  });

  test('pages beyond the end of the file are 0', () => {
    const m = stored();
    m.truncate('f', page);
    expect(okOf(flush(m, 1, { offset: 4 * page, length: 4 * page, how: 'msync' }))).toEqual({
      linesFlushed: 0,
    });
  });
});

describe('PC1 what a power cut reports as lost', () => {
  test('of a line whose only stored word is kept nothing is lost, and no ETag moves', () => {
    let kept = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const m = machine({ blocks: 64 });
      for (const name of ['f', 'g']) {
        m.create(name);
        m.write(name, letters('A'), 0);
      }
      m.map('f', 1);
      m.store(1, 8, Buffer.from('ssssssss'));
      const versions = () => [m.file('f').version, m.file('g').version];
      const before = versions();
      const { linesDirty, linesLost } = okOf(m.call('power-cycle', {}, { drop: 'some', seed }));
      const isKept = first16(m) === 'AAAAAAAAssssssss';
      expect({ linesDirty, linesLost }).toEqual({ linesDirty: 1, linesLost: isKept ? 0 : 1 });
      expect(versions()).toEqual(isKept ? before : [(before[0] ?? 0) + 1, before[1]]);
      if (isKept) kept += 1;
    }
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThan(35);
  });

  test('a store of the same bytes as on the medium loses nothing', () => {
    const m = stored();
    m.call('sync', {}, {});
    m.store(1, 0, mark);
    expect(cut(m)).toMatchObject({ linesDirty: 1, linesLost: 0 });
  });

  test('each file that lost a word gets a new ETag, the others keep theirs', () => {
    const m = machine({ blocks: 64 });
    for (const name of ['f', 'g', 'h']) {
      m.create(name);
      m.write(name, letters('AB'), 0);
      m.map(name, 2);
    }
    m.store(1, page, mark);
    m.store(3, 0, mark);
    m.store(2, 0, mark);
    flush(m, 2, { offset: 0, length: 16 });
    const before = ['f', 'g', 'h'].map((name) => m.file(name).version);
    expect(cut(m)).toMatchObject({ linesLost: 2 });
    expect(['f', 'g', 'h'].map((name, at) => m.file(name).version - (before[at] ?? 0))).toEqual([
      1, 0, 1,
    ]);
  });

  test('on eADR nothing is lost, and no ETag moves', () => {
    const m = stored();
    m.k.geometry.persistenceDomain = 'eadr';
    const { version } = m.file('f');
    expect(cut(m)).toMatchObject({ linesDirty: 1, linesLost: 0 });
    expect(m.file('f').version).toBe(version);
    expect(first16(m)).toBe('balance=00000042');
  });
});
