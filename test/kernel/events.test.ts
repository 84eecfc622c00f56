// What pictures are drawn from: frames of pins, mappings that lost entries, locks and steps.
import { describe, expect, it } from 'vitest';
import { listedMax } from '../../src/kernel/events.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { semOf } from '../../src/kernel/sched/rwsem.ts';
import type { Kernel, LockName } from '../../src/kernel/state.ts';
import { opId, type PinId } from '../../src/kernel/units.ts';
import { letters, type Machine, type MachineOptions, machine, page } from '../machine.ts';
import { story } from '../scenarios/story.ts';

const G = { owner: 'G' };
const T = { owner: 'T' };

describe('page.pinned and page.unpinned', () => {
  it('name the frames of the pin as runs, in the order of the file', () => {
    const m = machine();
    for (const name of ['a', 'b', 'a']) {
      if (m.k.names.get(name) === undefined) m.create(name);
      m.write(name, letters('XY'), m.file(name).sizeBytes);
    }
    const pin = m.pinned(m.map('a', 4), 0, 4 * page, G);
    m.unpin(pin);
    const runs = [
      { pfn: 2, pages: 2 },
      { pfn: 6, pages: 2 },
    ];
    expect(m.seen('page.pinned').at(-1)?.data.runs).toEqual(runs);
    expect(m.seen('page.unpinned').at(-1)?.data.runs).toEqual(runs);
  });

  it('have no frame for the zero page and for a private copy', () => {
    const m = machine();
    m.create('a', 4 * page);
    m.write('a', letters('A'), 0);
    const map = m.map('a', 4);
    m.pin(map, 0, 4 * page, G, { access: 'read' });
    expect(m.seen('page.pinned').at(-1)?.data.runs).toEqual([
      { pfn: 2, pages: 1 },
      { pfn: null, pages: 3 },
    ]);
  });

  it(`list ${listedMax} runs and say that there are more`, () => {
    const m = machine({ blocks: 2048 });
    m.create('a', 600 * page);
    for (let at = 0; at < 600; at += 2) m.write('a', letters('A'), at * page);
    const map = m.map('a', 600);
    const pin = m.pinned(map, 0, 600 * page, G, { access: 'read' });
    m.unpin(pin);
    for (const type of ['page.pinned', 'page.unpinned'] as const) {
      const data = m.seen(type).at(-1)?.data;
      expect([data?.runs.length, data?.more]).toEqual([listedMax, true]);
    }
  });
});

describe('page.collected', () => {
  it('tells after each step what an unfinished get_user_pages holds', () => {
    const m = story('wait-for-refs', { scheduler: 'stepped' });
    const { task } = m.pin(m.mapping, 0, 3 * page, G);
    m.settle(task);
    expect(m.seen('page.collected').map(({ data }) => data.runs)).toEqual([
      [{ pfn: 2, pages: 1 }],
      [{ pfn: 2, pages: 2 }],
      [{ pfn: 2, pages: 3 }],
    ]);
    const { data } = m.seen('page.pinned').at(-1) ?? {};
    expect(m.seen('page.collected').at(-1)?.data).toEqual(data);
  });

  it('tells it with standard events where get_user_pages goes to sleep, and what it drops', () => {
    const m = story('wait-for-refs', { scheduler: 'stepped', events: 'standard' });
    const { task } = m.pin(m.mapping, 0, 2 * page, { ...G, failOnDeadlock: true });
    for (let steps = 0; m.k.pins.get(1 as PinId)?.pfns.length !== 1; steps++) {
      expect(steps).toBeLessThan(20);
      m.step(task);
    }
    expect(m.seen('page.collected')).toEqual([]);
    m.settle(m.punch('a', 0, 2 * page, T).task);
    m.settle(task);
    expect(m.opState(task)).toBe('EDEADLK');
    const of = { pin: 'pin_1', pages: 1, runs: [{ pfn: 2, pages: 1 }] };
    expect(m.seen('page.collected')).toMatchObject([{ op: 'pin', data: of }]);
    expect(m.seen('page.dropped')).toMatchObject([{ op: 'pin', file: 'a', data: of }]);
    expect(m.seen('page.pinned')).toEqual([]);
  });
});

describe('page.unmapped', () => {
  it('names each mapping that lost entries, and what it lost', () => {
    const m = story('busy-extents');
    const second = m.map('a', 8);
    m.map('a', 8);
    for (const pgoff of [1, 2, 5]) m.fault(m.mapping, pgoff * page, 'read');
    m.fault(second, 5 * page, 'read');
    m.truncate('a', 0);
    expect(m.seen('page.unmapped').map(({ data }) => data)).toEqual([
      {
        offset: page,
        length: 5 * page,
        pages: 4,
        mappings: [
          { mapping: 'map_1', offset: page, length: 5 * page, pages: 3 },
          { mapping: 'map_2', offset: 5 * page, length: page, pages: 1 },
        ],
      },
    ]);
  });

  it(`lists ${listedMax} mappings and says that there are more`, () => {
    const m = story('busy-extents', { checkEvery: 100 });
    for (let i = 0; i < listedMax; i++) m.map('a', 8);
    for (let map = 1; map <= listedMax + 1; map++) m.fault(map, 0, 'read');
    m.truncate('a', 0);
    const data = m.seen('page.unmapped').at(-1)?.data;
    expect([data?.pages, data?.mappings.length, data?.more]).toEqual([257, listedMax, true]);
  });
});

describe('page.not_idle', () => {
  const asleep = (column: 'break-layouts.modern' | 'break-layouts.fixed') => {
    const m = story(column);
    const pin = m.pinned(m.mapping, 0, page, G);
    m.truncate('a', 0, T);
    m.fault(m.mapping, 0, 'read');
    m.unpin(pin);
    return m;
  };

  it('says under the modern rule that mappings keep the waiter of an unpinned page asleep', () => {
    const m = asleep('break-layouts.modern');
    expect(m.seen('page.not_idle')).toMatchObject([
      { op: 'unpin', file: 'a', ino: 2, data: { pfn: 2, pgoff: 0, mappings: 1 } },
    ]);
    expect(m.seen('page.idle')).toEqual([]);
  });

  it('is not emitted under a rule that counts no mappings, nor where nobody waits', () => {
    expect(asleep('break-layouts.fixed').seen('page.not_idle')).toEqual([]);
    const m = story('break-layouts.modern');
    m.unpin(m.pinned(m.mapping, 0, page, G));
    expect(m.seen('page.not_idle')).toEqual([]);
  });
});

/** S31, which locks two files and hands locks over, and a power cut at its end. */
function tale(options: MachineOptions): Machine {
  const m = machine({ strategy: 'break-layouts', ...options });
  const rest = () => (options.scheduler === 'stepped' ? m.settle() : 0);
  for (const name of ['a', 'b']) {
    m.create(name);
    m.write(name, letters('ABCD'), 0);
    rest();
  }
  const map = m.map('a', 4);
  m.pin(map, 0, page, G);
  rest();
  m.exchange('a', 'b', { length: 2 * page }, T);
  rest();
  m.write('a', letters('w'), 0);
  m.read('b');
  m.truncate('b', page);
  rest();
  m.unpin(1);
  rest();
  m.pin(map, 0, page, G);
  m.truncate('a', 0, T);
  rest();
  m.call('power-cycle', {}, {});
  return m;
}

const countsOf = (m: Machine): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { type } of m.events)
    if (type === 'task.step' || type.startsWith('lock.')) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

describe('the setting `events`', () => {
  it('is detailed for a stepped scheduler and standard for an automatic one', () => {
    expect(machine().k.geometry.events).toBe('standard');
    expect(machine({ scheduler: 'stepped' }).k.geometry.events).toBe('detailed');
    expect(machine({ scheduler: 'stepped', events: 'standard' }).k.geometry.events).toBe(
      'standard',
    );
  });

  it('standard: no lock and no step is told', () => {
    for (const scheduler of ['auto', 'stepped'] as const)
      expect(countsOf(tale({ scheduler, events: 'standard' }))).toEqual({});
  });

  it('detailed: locks are told, and steps where somebody takes them', () => {
    expect(Object.keys(countsOf(tale({ events: 'detailed' }))).sort()).toEqual([
      'lock.acquired',
      'lock.released',
    ]);
    const stepped = tale({ scheduler: 'stepped' });
    const steps = stepped.seen('task.step');
    expect(steps.length).toBeGreaterThan(20);
    for (const { task, op, data } of steps)
      if (task !== 0) {
        expect(data.op).toBe(op);
        expect(Object.keys(operations.get(data.op)?.steps ?? {})).toContain(data.step);
      }
  });

  it('changes the numbers of events and nothing else', () => {
    const shapes = (['standard', 'detailed'] as const).map((events) => {
      const m = tale({ events });
      expect(m.events.map(({ seq }) => seq)).toEqual(m.events.map((_, i) => i + 1));
      expect(m.k.eventSeq).toBe(m.events.length);
      const others = m.events.filter(({ type }) => !type.startsWith('lock.'));
      return {
        events: others.map(({ seq: _, ...event }) => event),
        state: JSON.stringify({ ...m.k, geometry: null, eventSeq: 0, turn: null }),
      };
    });
    expect(shapes[1]).toEqual(shapes[0]);
  });
});

/** The holders of every lock, as the machine has them. */
function holdersIn(k: Kernel): string[] {
  const names: LockName[] = ['i_rwsem', 'invalidate_lock'];
  return [...k.inodes.values()]
    .flatMap((inode) =>
      names.flatMap((lock) => {
        const { writer, readers } = semOf(inode, lock);
        return [
          ...(writer === 0 ? [] : [`${inode.ino} ${lock} ${writer} exclusive`]),
          ...readers.map((id) => `${inode.ino} ${lock} ${id} shared`),
        ];
      }),
    )
    .sort();
}

describe('lock.acquired and lock.released', () => {
  it.each(['auto', 'stepped'] as const)('give the holders of every lock: %s', (scheduler) => {
    const held = new Set<string>();
    let compared = 0;
    tale({
      scheduler,
      events: 'detailed',
      watch: {
        before() {},
        after(k, _command, { events }) {
          for (const { type, task, ino, data } of events) {
            if (type === 'lock.acquired') held.add(`${ino} ${data.lock} ${task} ${data.mode}`);
            else if (type === 'lock.released')
              expect(held.delete(`${ino} ${data.lock} ${task} ${data.mode}`)).toBe(true);
            else if (type === 'power.cut') held.clear();
          }
          expect([...held].sort()).toEqual(holdersIn(k));
          compared = Math.max(compared, held.size);
        },
      },
    });
    expect(compared).toBeGreaterThanOrEqual(2);
  });
});

describe('task.woken', () => {
  it('names who woke the task: the operation, and nobody where a timer did', () => {
    const m = story('break-layouts.fixed');
    const pin = m.pinned(m.mapping, 0, page, G);
    m.truncate('a', 4 * page, T);
    const { task } = m.unpin(pin);
    m.pin(m.mapping, 0, page, G, { holdMs: 5 });
    const truncate = m.truncate('a', 0, T).task;
    const write = m.write('a', letters('w'), 0).task;
    m.advance(5);
    expect(m.seen('task.woken').map(({ task: woken, data }) => [woken, data.by])).toEqual([
      [expect.any(Number), `op_${task}`],
      [truncate, null],
      [write, `op_${truncate}`],
    ]);
  });
});

describe('the operation of an event', () => {
  it('is named on each event that a task emits, whatever its steps', () => {
    for (const scheduler of ['auto', 'stepped'] as const) {
      const m = tale({ scheduler });
      for (const { task, op, type } of m.events.slice(1)) {
        if (task === 0) expect(op).toBeNull();
        else expect([...operations.keys(), 'evict'], type).toContain(op);
      }
      const named = (type: string) => m.events.find((event) => event.type === type)?.op;
      expect(named('file.created')).toBe('create');
      expect(named('mapping.created')).toBe('mmap');
      expect(named('page.unpinned')).toBe('unpin');
    }
  });

  it('is the operation that ended where a power cut ended it, and who sent a signal', () => {
    const m = tale({});
    const failed = m.seen('operation.failed').at(-1);
    expect([failed?.op, failed?.data.op]).toEqual(['truncate', 'truncate']);
    const other = story('break-layouts.fixed');
    other.pin(other.mapping, 0, page, G);
    const { task } = other.truncate('a', 0, T);
    other.cancel(task);
    expect(other.seen('task.signalled')).toMatchObject([
      { op: 'cancel', data: { op: 'truncate', operation: opId(task as never) } },
    ]);
  });
});
