import { describe, expect, test } from 'vitest';
import { eventText } from '../../web/parts/event-words.ts';
import { bytesText } from '../../web/parts/words.ts';

describe('an event in a sentence', () => {
  test.each([
    [
      { type: 'pinhole.task.blocked', data: { op: 'truncate', on: 'page', pfn: 2, state: 'S' } },
      'op_9 truncate sleeps on page 2, state S',
    ],
    [
      { type: 'pinhole.task.woken', data: { waitedMs: 12, spurious: false, by: 'op_3' } },
      'op_9 truncate wakes after 12 ms, woken by op_3',
    ],
    [
      {
        type: 'pinhole.operation.failed',
        data: { errno: 'EBUSY', rule: 'H2', sleptMs: 0, wakeups: 0 },
      },
      'op_9 truncate fails with EBUSY (rule H2)',
    ],
    [
      { type: 'pinhole.extent.freed', data: { pfn: 4, pages: 3, from: 'busy', waitedMs: 7 } },
      'op_9 truncate frees pages 4 to 6 after 7 ms',
    ],
  ])('%o', (event, text) => {
    expect(eventText({ ...event, operation: 'op_9', op: 'truncate' })).toBe(text);
  });

  test('without an operation it names the file', () => {
    const event = { type: 'pinhole.page.idle', data: { pfn: 2 }, subject: 'files/a' };
    expect(eventText(event)).toBe('a: page 2 is idle');
    expect(eventText(event, { bare: true })).toBe('page 2 is idle');
  });

  test('an event of a later server has its name', () => {
    expect(eventText({ type: 'pinhole.later.thing', data: {} })).toBe('pinhole.later.thing');
  });
});

test('a range to the largest offset of a file has no length', () => {
  expect(bytesText({ offset: 4096, length: Number.MAX_SAFE_INTEGER - 4096 })).toBe(
    'everything from 4 KiB on',
  );
  expect(bytesText({ offset: 4096, length: 8192 })).toBe('8 KiB at 4 KiB');
});
