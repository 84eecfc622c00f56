// An unlinked file, and a new file with the same name: every view tells which of the two it shows,
// and can list each of them alone.
import { describe, expect, test } from 'vitest';
import { views } from '../../src/kernel/views/index.ts';
import { letters, type Machine, machine, page } from '../machine.ts';

type Row = Record<string, unknown>;
function look(m: Machine, name: string, given: Row = {}, target = {}): Row {
  const view = views.get(name);
  if (view === undefined) throw new Error(`no view ${name}`);
  const read = view.read(m.k, target, view.query.parse(given), m.k.nowMs);
  if (!read.ok) return { errno: read.failure.errno };
  view.result.parse(read.result);
  return read.result as Row;
}
const items = (m: Machine, name: string, given: Row = {}): Row[] =>
  look(m, name, given).items as Row[];

/**
 * `seg` of inode 2 was unlinked, mapped by map_1, pinned by pin_1; `seg` of inode 3 is mapped by
 * map_2 and pinned by pin_2, at the same page.
 */
function two(options: Parameters<typeof machine>[0] = {}): Machine {
  const m = machine({ blocks: 64, ...options });
  for (const [at, mapping] of [1, 2].entries()) {
    m.create('seg');
    m.write('seg', letters('AB'), 0);
    m.map('seg', 2);
    m.pinned(mapping, 0, page, { owner: 'nic' });
    if (at === 0) m.unlink('seg');
  }
  return m;
}
const old = { ino: 2, unlinked: true };
const young = { ino: 3 };

describe('lists', () => {
  test.each([
    ['pages', { pinned: true }],
    ['mappings', {}],
    ['pins', {}],
  ] as const)(
    '%s: `file` selects the file that has the name now, `ino` selects either file',
    (name, given) => {
      const m = two();
      const both = items(m, name, given);
      expect(both).toMatchObject([old, young]);
      expect(both[1]).not.toHaveProperty('unlinked');
      expect(both.map(({ file }) => file)).toEqual(['seg', 'seg']);
      expect(items(m, name, { ...given, file: 'seg' })).toMatchObject([young]);
      expect(items(m, name, { ...given, ino: 2 })).toMatchObject([old]);
      expect(items(m, name, { ...given, ino: 3, file: 'seg' })).toMatchObject([young]);
      expect(items(m, name, { ...given, ino: 2, file: 'seg' })).toEqual([]);
      expect(items(m, name, { ...given, ino: 99 })).toEqual([]);
      expect(look(m, name, { ...given, file: 'none' })).toEqual({ errno: 'ENOENT' });
    },
  );

  test('files: an inode is found even if its name was removed', () => {
    const m = two();
    expect(items(m, 'files')).toMatchObject([{ ino: 3, nlink: 1 }]);
    expect(items(m, 'files', { ino: 2 })).toMatchObject([{ name: 'seg', ino: 2, nlink: 0 }]);
    expect(items(m, 'files', { ino: 9 })).toEqual([]);
  });

  test('a pin of an evicted file still has the inode number', () => {
    const m = machine({ blocks: 64, strategy: 'busy-extents' });
    m.create('a');
    m.write('a', letters('A'), 0);
    m.map('a', 1);
    m.pinned(1, 0, page);
    m.unlink('a');
    m.munmap(1);
    expect(items(m, 'pins')).toMatchObject([{ file: null, ino: 2, unlinked: true }]);
    expect(look(m, 'busy-extents').extents).toMatchObject([{ ino: 2, unlinked: true }]);
    m.unpin(1);
    const [last] = m.seen('page.unpinned');
    expect(last).toMatchObject({ file: null, ino: 2, unlinked: true });
  });
});

describe('waits', () => {
  /**
   * A truncate of each file sleeps on a pin, and a read sleeps behind it on i_rwsem. The truncate of
   * the unlinked file began first.
   */
  function waits(): Machine {
    const m = machine({ blocks: 64 });
    for (const mapping of [1, 2]) {
      m.create('seg');
      m.write('seg', letters('AB'), 0);
      m.map('seg', 2);
      m.pinned(mapping, 0, page, { owner: `nic${mapping}` });
      m.truncate('seg', page, { owner: `T${mapping}` });
      m.read('seg', 0, 1, { owner: `R${mapping}` });
      // By a rename over the name, because unlink would wait.
      if (mapping === 1) {
        const inode = m.file('seg');
        inode.nlink = 0;
        m.k.names.delete('seg');
      }
    }
    return m;
  }

  test('operations, locks, waitqueues and hung-tasks', () => {
    const m = waits();
    const asleep = items(m, 'operations', { state: 'sleeping' });
    expect(asleep.map(({ ino }) => ino)).toEqual([2, 2, 3, 3]);
    expect(asleep[1]).toMatchObject({ ...old, sleepingOn: { lock: { file: 'seg', ...old } } });
    expect(asleep[2]).toMatchObject({
      ...young,
      sleepingOn: { page: young },
      holds: [young],
      blockedBy: [{ ino: 3 }],
    });
    expect(items(m, 'operations', { file: 'seg', state: 'sleeping' })).toHaveLength(2);
    expect(items(m, 'operations', { ino: 2, state: 'sleeping' })).toMatchObject([old, old]);
    expect(items(m, 'locks')).toMatchObject([old, young]);
    expect(items(m, 'locks', { ino: 2 })).toMatchObject([old]);
    expect(items(m, 'locks', { file: 'seg' })).toMatchObject([young]);
    const queues = look(m, 'waitqueues').pages as { waiters: Row[] }[];
    expect(queues.flatMap(({ waiters }) => waiters.map(({ ino }) => ino)).sort()).toEqual([2, 3]);
    m.advance(1000);
    expect(items(m, 'hung-tasks', { seconds: 0 })).toMatchObject([
      { ...old, culprits: [{ ...old, pins: [{ ino: 2 }] }] },
      { ...young, culprits: [{ ...young, pins: [{ ino: 3 }] }] },
    ]);
  });

  test('wait-graph: the locks of the two files are different nodes', () => {
    const m = waits();
    const { nodes } = look(m, 'wait-graph') as { nodes: Row[] };
    expect(nodes.filter(({ kind }) => kind === 'lock')).toMatchObject([
      { id: 'lock:#2:i_rwsem', file: 'seg', ...old },
      { id: 'lock:seg:i_rwsem', file: 'seg', ...young },
    ]);
    expect(nodes.filter(({ kind }) => kind === 'pin').map(({ ino }) => ino)).toEqual([2, 3]);
  });
});

test('an operation that has ended keeps its inode', () => {
  const m = two();
  m.truncate('seg', 0, { owner: 'T' });
  m.unpin(2);
  m.unlink('seg');
  expect(items(m, 'operations', { ino: 3, state: 'done' })).toMatchObject([
    { op: 'truncate', file: 'seg', ino: 3, unlinked: true },
  ]);
});

test('detached blocks have the inode of their former file', () => {
  const m = two({ strategy: 'detach-and-wait' });
  m.truncate('seg', 0, { owner: 'T' });
  expect(look(m, 'busy-extents').detached).toMatchObject([{ ino: 3 }]);
});

test('file.unlinked is the last event with the name; later events say that the inode has none', () => {
  const m = two();
  m.fault(1, page, 'read');
  m.fault(2, page, 'read');
  const faults = m.seen('page.faulted').slice(-2);
  expect(faults).toMatchObject([
    { file: 'seg', ino: 2, unlinked: true },
    { file: 'seg', ino: 3, unlinked: false },
  ]);
  expect(m.seen('file.unlinked')).toMatchObject([{ file: 'seg', ino: 2, unlinked: false }]);
});
