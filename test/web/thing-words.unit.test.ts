import { describe, expect, test } from 'vitest';
import type { Picture } from '../../src/client/picture.ts';
import { isThere, thingText, thingWords } from '../../web/parts/thing-words.ts';

const picture = {
  files: new Map([
    [2, { ino: 2, name: 'a', sizeBytes: 8192, unlinked: false }],
    [3, { ino: 3, name: 'b', sizeBytes: 0, unlinked: true }],
  ]),
  mappings: new Map([['map_1', { id: 'map_1', ino: 2, offset: 0, length: 4096, access: 'read' }]]),
  pins: new Map([
    [
      'pin_1',
      {
        id: 'pin_1',
        ino: 2,
        owner: 'nic',
        kind: 'dma',
        offset: 4096,
        pages: 3,
        runs: [
          { pfn: 9, pages: 1 },
          { pfn: 20, pages: 2 },
        ],
      },
    ],
    [
      'pin_2',
      { id: 'pin_2', ino: 3, owner: null, kind: 'longterm', offset: 0, pages: 0, runs: [] },
    ],
  ]),
  operations: new Map([
    [
      'op_9',
      {
        id: 'op_9',
        op: 'punch-hole',
        owner: 'T',
        state: 'sleeping',
        sleepingOn: { on: 'page', ino: 3, state: 'D', pfn: 40, pgoff: 5, sinceMs: 0 },
      },
    ],
    ['op_10', { id: 'op_10', op: 'truncate', owner: null, state: 'running', sleepingOn: null }],
  ]),
} as unknown as Picture;

describe('the words for a thing', () => {
  test.each([
    ['op_9', 'op_9 (punch-hole by T)'],
    ['op_10', 'op_10 (truncate)'],
    ['op_11', 'op_11'],
    ['pin_1', 'pin_1 (by nic)'],
    ['pin_2', 'pin_2 (longterm)'],
    ['map_1', 'map_1 (of a)'],
    ['page:9', 'page 9 = a[1]'],
    ['page:21', 'page 21 = a[3]'],
    ['page:40', 'page 40 = #3[5]'],
    ['page:1', 'page 1'],
    ['lock:a:i_rwsem', 'i_rwsem of a'],
    ['lock:x:y.txt:invalidate_lock', 'invalidate_lock of x:y.txt'],
    ['entry:a:0', 'entry a[0]'],
    ['ino:2', 'a'],
    ['ino:3', 'b (unlinked)'],
    ['ino:4', '#4'],
  ])('%s is "%s"', (id, text) => {
    expect(thingText(picture, id)).toBe(text);
  });

  test('a thing has a name before there is a picture', () => {
    expect(thingWords(null, 'op_9')).toEqual({ name: 'op_9', is: '' });
    expect(thingText(null, 'page:7')).toBe('page 7');
  });

  test('an id that is none is shown as it is', () => {
    expect(thingText(picture, '<img src=x>')).toBe('<img src=x>');
    expect(isThere(picture, '<img src=x>')).toBe(false);
  });

  test('what has ended is not there', () => {
    expect(['op_9', 'pin_7', 'map_1', 'page:1'].map((id) => isThere(picture, id))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});
