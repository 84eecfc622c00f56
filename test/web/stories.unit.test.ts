import { describe, expect, test } from 'vitest';
import {
  callsIn,
  choiceOf,
  endingText,
  firstSentence,
  type Move,
  moveText,
  nextCalls,
  questionAt,
  withIds,
} from '../../web/stories/told.ts';

const moves = (...steps: string[]): Move[] =>
  steps.map((step) => ({ who: 'T', text: step, task: 'op_6', step }));

describe('what a story tells', () => {
  test('a column is a strategy with its options', () => {
    expect(choiceOf('busy-extents')).toEqual({ name: 'busy-extents' });
    expect(choiceOf('break-layouts classic')).toEqual({
      name: 'break-layouts',
      idleRule: 'classic',
    });
  });

  test('a move is told by what it does; a call by its own words', () => {
    const step = { who: 'G', text: 'G takes the step entry in pin on entry:a:0.', step: 'entry' };
    expect(moveText(step)).toBe('G locks the entry of the page in the file.');
    expect(moveText({ who: 'T', text: 'T calls unlink on a.' })).toBe('T calls unlink on a.');
    expect(moveText({ who: 'T', text: 'T takes the step new.', step: 'new' })).toBe(
      'T takes the step new.',
    );
  });

  test('a line of the list is the first sentence', () => {
    expect(firstSentence('P pins page 0. T waits.')).toBe('P pins page 0.');
    expect(firstSentence('Linux 6.12 frees it. Then?')).toBe('Linux 6.12 frees it.');
    expect(firstSentence('no end')).toBe('no end');
  });

  test('a class is asked when the last one has fallen asleep, before the answer', () => {
    expect(questionAt(moves('lock', 'sleep', 'page', 'fault'))).toBe(2);
    expect(questionAt(moves('lock', 'sleep', 'relock', 'sleep'))).toBe(3);
    expect(questionAt(moves('lock', 'scan', 'change', 'commit'))).toBe(2);
  });

  test('each ending has a sentence', () => {
    const verdicts = ['completes', 'deadlock', 'hangs', 'starves', 'frees under the pin', 'waits'];
    expect(new Set(verdicts.map(endingText)).size).toBe(verdicts.length);
  });
});

describe('a walk off the way of a story', () => {
  test('goes on with the calls that were not made', () => {
    const told: Move[] = [
      { who: 'T', text: '', call: 0 },
      { who: 'T', text: '', task: 'op_6' },
      { who: 'G', text: '', call: 1 },
    ];
    expect(callsIn(told, 2)).toEqual([0]);
    const threads = [
      { owner: 'T', commands: [0], loops: false },
      { owner: 'G', commands: [1, 2], loops: false },
    ];
    expect(nextCalls({ threads }, new Set([0]))).toEqual([{ owner: 'G', call: 1 }]);
    expect(nextCalls({ threads }, new Set([0, 1]))).toEqual([{ owner: 'G', call: 2 }]);
    expect(nextCalls({ threads }, new Set([0, 1, 2]))).toEqual([]);
  });

  test('acts on what the owner has now', () => {
    expect(withIds('/pins/pin_1', { pin: 'pin_4' })).toBe('/pins/pin_4');
    expect(withIds('/operations/op_6/cancel', { operation: 'op_9' })).toBe(
      '/operations/op_9/cancel',
    );
    expect(withIds('/files/pin_1/truncate', { pin: 'pin_4' })).toBe('/files/pin_1/truncate');
  });
});
