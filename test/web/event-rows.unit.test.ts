// The list of events without a browser: order, filters, holes, and each type in words.
import type { PinholeEvent } from 'pinhole/client';
import { describe, expect, it } from 'vitest';
import { eventTable } from '../../src/kernel/events.ts';
import { EventRows, isHole, keptMax, type Row } from '../../web/events/event-rows.ts';
import { eventTypes, sentenceText } from '../../web/events/sentence.ts';

const all = { type: null, file: null, op: null, text: null };

const event = (seq: number, more: object = {}): PinholeEvent =>
  ({
    specversion: '1.0',
    id: `e.${seq}`,
    seq,
    epoch: 'e',
    source: '/v1/filesystems/x',
    time: '1970-01-01T00:00:00.000Z',
    type: 'pinhole.page.idle',
    data: { pfn: seq },
    ...more,
  }) as PinholeEvent;
const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => event(from + n));

const shown = (rows: readonly Row[]): string =>
  rows
    .map((row) => (isHole(row) ? `${row.lost ? 'lost' : 'unread'} ${row.from}-${row.to}` : row.seq))
    .join(' ');

describe('holes', () => {
  it('tells what came before the page was opened, also while nothing happens', () => {
    const list = new EventRows(all);
    list.beginAfter('e.12');
    expect(shown(list.rows)).toBe('unread 1-12');
    list.append([event(13)]);
    expect(shown(list.rows)).toBe('unread 1-12 13');
    list.insert(events(3, 5));
    expect(shown(list.rows)).toBe('unread 1-2 3 4 5 unread 6-12 13');
  });

  it('keeps what was read of the past apart from where the page began', () => {
    const list = new EventRows(all);
    list.beginAfter('e.9');
    list.insert(events(1, 2));
    expect(shown(list.rows)).toBe('1 2 unread 3-9');
    list.append([event(10), event(11)]);
    expect(shown(list.rows)).toBe('1 2 unread 3-9 10 11');
  });

  it('says which of them the server no longer keeps', () => {
    const list = new EventRows(all);
    list.append(events(1, 2));
    list.lose('e', 3, 90);
    list.append(events(95, 96));
    expect(shown(list.rows)).toBe('1 2 lost 3-90 unread 91-94 95 96');
    list.insert(events(91, 94));
    expect(shown(list.rows)).toBe('1 2 lost 3-90 91 92 93 94 95 96');
  });

  it('has none between two histories, whose numbers do not follow each other', () => {
    const list = new EventRows(all);
    list.append([event(1), event(40, { id: 'f.40', epoch: 'f' })]);
    expect(shown(list.rows)).toBe('1 40');
  });
});

describe('the list', () => {
  it('shows an event once, however often it comes', () => {
    const list = new EventRows(all);
    list.append(events(1, 3));
    list.append(events(2, 5));
    list.insert(events(1, 4));
    expect(shown(list.rows)).toBe('1 2 3 4 5');
  });

  it('drops the oldest quarter, and says how many rows went', () => {
    const list = new EventRows(all);
    expect(list.append(events(1, keptMax))).toBe(0);
    const dropped = list.append(events(keptMax + 1, keptMax + 1));
    expect(list.rows.length).toBe(keptMax + 1 - dropped);
    expect(shown(list.rows.slice(0, 2))).toBe(`unread 1-${keptMax / 4} ${keptMax / 4 + 1}`);
  });

  it('filters by type, family, file, operation and text, and tells holes all the same', () => {
    const list = new EventRows(all);
    const op = { operation: 'op_9', op: 'truncate', subject: 'files/a' };
    const data = { op: 'truncate', owner: 'nic' };
    list.append([
      event(1),
      event(2, { ...op, type: 'pinhole.operation.submitted', data }),
      event(5, { ...op, operation: 'op_7', subject: 'files/b' }),
    ]);
    const by = (filter: object) => {
      list.setFilter({ ...all, ...filter });
      return shown(list.rows);
    };
    expect(by({ type: 'operation.submitted' })).toBe('2 unread 3-4');
    expect(by({ type: 'page.*' })).toBe('1 unread 3-4 5');
    expect(by({ file: 'b' })).toBe('unread 3-4 5');
    expect(by({ op: 'op_9' })).toBe('2 unread 3-4');
    expect(by({ op: 'truncate' })).toBe('2 unread 3-4 5');
    expect(by({ text: 'BEGUN BY NIC' })).toBe('2 unread 3-4');
    expect(by({ text: '"pfn":5' })).toBe('unread 3-4 5');
  });
});

describe('sentences', () => {
  it('are there for every type of the table', () => {
    expect([...eventTypes].sort()).toEqual(Object.keys(eventTable).sort());
  });

  it('name what happened to what', () => {
    const data = { pin: 'pin_1', owner: 'nic', kind: 'rdma', pages: 2, access: 'write' };
    expect(sentenceText(event(1, { type: 'pinhole.page.pinned', data }))).toBe(
      'pin_1 by nic pins 2 pages for write (rdma)',
    );
    const lock = { op: 'fault', on: 'lock', lock: 'invalidate_lock', state: 'D' };
    const blocked = { type: 'pinhole.task.blocked', subject: 'files/a', data: lock };
    expect(sentenceText(event(2, blocked))).toBe('sleeps (D) on invalidate_lock of a');
  });

  it('show an event that the page does not know by its type', () => {
    expect(sentenceText(event(1, { type: 'pinhole.page.folded' }))).toBe('page.folded');
  });
});
