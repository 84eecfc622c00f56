import { describe, expect, test } from 'vitest';
import type { Picture } from '../../src/client/picture.ts';
import type { PinholeEvent } from '../../src/client/stream.ts';
import { lanesOf, openFirst, withOlder } from '../../web/timeline/lanes.ts';
import { axisFor, eventAt, scaleOf, ticksOf, unitOf } from '../../web/timeline/scale.ts';

/** [ms, type, data, operation, op] */
type Row = [number, string, object, string?, string?];

const events = (rows: Row[]) =>
  rows.map(([ms, type, data, operation, op], at) => ({
    id: `e.${at}`,
    seq: at,
    epoch: 'e',
    time: new Date(ms).toISOString(),
    type: `pinhole.${type}`,
    data,
    ...(operation === undefined ? {} : { operation, op }),
  })) as unknown as PinholeEvent[];

const pin = { pin: 'pin_1', owner: 'nic', kind: 'rdma', pages: 2 };
const ended = { op: '', strategy: '', sleptMs: 0, wakeups: 0 };
const story = events([
  [0, 'operation.submitted', { owner: 'nic' }, 'op_1', 'pin'],
  [0, 'page.collected', pin, 'op_1', 'pin'],
  [1, 'page.pinned', pin, 'op_1', 'pin'],
  [1, 'operation.done', ended, 'op_1', 'pin'],
  [2, 'operation.submitted', { owner: 'T' }, 'op_2', 'truncate'],
  [2, 'lock.acquired', { lock: 'i_rwsem', mode: 'exclusive' }, 'op_2', 'truncate'],
  [2, 'task.blocked', { on: 'page', pfn: 2, state: 'S' }, 'op_2', 'truncate'],
  [900_000, 'page.unpinned', { pin: 'pin_1', pages: 2 }, 'op_3', 'unpin'],
  [900_000, 'task.woken', { by: 'op_3', waitedMs: 0, spurious: false }, 'op_2', 'truncate'],
  [900_001, 'lock.released', { lock: 'i_rwsem', mode: 'exclusive' }, 'op_2', 'truncate'],
  [900_001, 'operation.failed', ended, 'op_2', 'truncate'],
]);

describe('the lanes that are shown first', () => {
  const names = (lanes: readonly { id: string }[]) => lanes.map(({ id }) => id).join(' ');
  const later: Row[] = Array.from({ length: 20 }, (_, n) => [
    3,
    n % 2 === 0 ? 'operation.submitted' : 'operation.done',
    n % 2 === 0 ? { owner: null } : ended,
    `op_${10 + Math.floor(n / 2)}`,
    'allocate',
  ]);
  const rows: Row[] = [
    [0, 'page.pinned', pin, 'op_1', 'pin'],
    [1, 'operation.submitted', { owner: 'T' }, 'op_2', 'truncate'],
    [1, 'task.blocked', { on: 'page', pfn: 2, state: 'S' }, 'op_2', 'truncate'],
    [2, 'operation.submitted', { owner: 'U' }, 'op_3', 'truncate'],
    [2, 'task.blocked', { on: 'lock', lock: 'i_rwsem', state: 'D' }, 'op_3', 'truncate'],
    ...later,
    [4, 'operation.submitted', { owner: 'R' }, 'op_30', 'read'],
  ];

  test('who sleeps, the oldest first, then who runs, pins, and what has ended', () => {
    const { lanes } = lanesOf(events(rows));
    expect(names(openFirst(lanes).slice(0, 6))).toBe('op_2 op_3 op_30 pin_1 op_19 op_18');
  });

  test('who fell asleep before the first event has a lane from the left edge on', () => {
    const picture = {
      pins: new Map([['pin_1', { ...pin, id: 'pin_1', collecting: false, sinceMs: 0 }]]),
      operations: new Map(
        [
          { id: 'op_2', sleepingOn: { on: 'page', pfn: 2, state: 'S', sinceMs: 1 } },
          { id: 'op_3', sleepingOn: { on: 'lock', lock: 'i_rwsem', state: 'D', sinceMs: 4000 } },
          { id: 'op_4', sleepingOn: null },
        ].map((one) => [one.id, { op: 'truncate', owner: 'T', state: 'sleeping', ...one }]),
      ),
    } as unknown as Picture;
    const known = lanesOf(events(rows.slice(-1)));
    const { lanes } = withOlder(known, picture, 3);
    expect(names(openFirst(lanes))).toBe('op_2 op_30 pin_1');
    expect(lanes.find(({ id }) => id === 'op_2')?.spans).toEqual([
      { kind: 'S', on: 'page 2', from: -1, to: null },
    ]);
  });
});

describe('lanes from events', () => {
  const { lanes, wakes } = lanesOf(story);

  test('there is one for each operation that runs or sleeps, and for each pin', () => {
    expect(lanes.map(({ id, is }) => `${id} ${is}`)).toEqual([
      'op_1 pin',
      'pin_1 nic',
      'op_2 truncate',
    ]);
  });

  test('a lane runs, sleeps on something, wakes and ends', () => {
    const spans = lanes[2]?.spans.map(({ kind, on, from, to }) => [kind, on, from, to]);
    expect(spans).toEqual([
      ['R', '', 4, 6],
      ['S', 'page 2', 6, 8],
      ['R', '', 8, 10],
    ]);
    expect(lanes[2]?.end).toEqual({ at: 10, sign: '✗' });
    expect(lanes[2]?.holds).toEqual([{ lock: 'i_rwsem', mode: 'exclusive', from: 5, to: 9 }]);
  });

  test('a pin is collected, held and released', () => {
    const spans = lanes[1]?.spans.map(({ kind, from, to }) => [kind, from, to]);
    expect(spans).toEqual([
      ['collecting', 1, 2],
      ['pin', 2, 7],
    ]);
  });

  test('the arrow comes from the pin whose release woke the sleeper', () => {
    expect(wakes).toEqual([{ at: 8, from: 'pin_1', to: 'op_2' }]);
  });

  test('what began before the first event begins at the left edge', () => {
    const { lanes: late } = lanesOf(story.slice(7));
    expect(late.map(({ id, spans }) => [id, spans[0]?.from])).toEqual([
      ['pin_1', -1],
      ['op_2', -1],
    ]);
  });

  test('a power cut ends every lane', () => {
    const cut = lanesOf([...story.slice(0, 7), ...events([[3, 'power.restored', {}]])]);
    expect(cut.lanes.every(({ end }) => end !== null)).toBe(true);
  });
});

describe('the axis', () => {
  test('is the number of the event while the clock stands still, else the time', () => {
    const still = events(Array.from({ length: 30 }, (): Row => [5, 'page.idle', { pfn: 1 }]));
    expect(axisFor(still)).toBe('event');
    expect(axisFor(story)).toBe('time');
    expect(scaleOf(still, 'event').units.slice(0, 3)).toEqual([0, 1, 2]);
  });

  test('time that nothing happened in is folded, and the fold says how long it was', () => {
    const scale = scaleOf(story, 'time');
    expect(scale.folds).toEqual([{ before: 7, idleMs: 899_998 }]);
    expect(unitOf(scale, 7) - unitOf(scale, 6)).toBe(13);
    expect(scaleOf(story, 'event').folds).toEqual([]);
  });

  test('a place leads back to its event; before and after have places too', () => {
    const scale = scaleOf(story, 'time');
    for (const at of story.keys()) expect(eventAt(scale, unitOf(scale, at) + 0.5)).toBe(at);
    expect(unitOf(scale, -1)).toBe(-1);
    expect(unitOf(scale, null)).toBe(scale.end);
  });

  test('labels are as many as there is room for', () => {
    const scale = scaleOf(story, 'event');
    expect(ticksOf(scale, { from: 0, to: 10 }, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticksOf(scale, { from: 4, to: 6 }, 1)).toEqual([4, 6]);
  });
});
