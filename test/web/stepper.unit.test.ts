import { describe, expect, test } from 'vitest';
import type { PinholeEvent } from '../../src/client/stream.ts';
import { eventsOfLastStep } from '../../web/stepper/last-events.ts';
import { walkText } from '../../web/stepper/step-words.ts';
import {
  earlierOf,
  forkName,
  laterOf,
  rootOf,
  seenAt,
  type Trail,
  withEarlier,
} from '../../web/stepper/trail.ts';

describe('the trail of Back and Forward', () => {
  test('two steps back, one forward', () => {
    let trail: Trail = seenAt([], 'S01', 30);
    trail = seenAt(withEarlier(trail, 'S01', 'S01~1'), 'S01~1', 1);
    trail = seenAt(withEarlier(trail, 'S01~1', 'S01~2'), 'S01~2', 1);
    expect(trail.map(({ fs }) => fs)).toEqual(['S01~2', 'S01~1', 'S01']);
    expect(laterOf(trail, 'S01~2')).toBe('S01~1');
    expect(earlierOf(trail, 'S01')).toBe('S01~1');
    expect(earlierOf(trail, 'S01~2')).toBeNull();
    expect(laterOf(trail, 'S01')).toBeNull();
  });

  test('a moment that is seen again is the same', () => {
    const trail = seenAt(withEarlier(seenAt([], 'a', 5), 'a', 'a~1'), 'a~1', 1);
    expect(seenAt(trail, 'a', 5)).toBe(trail);
  });

  test('a filesystem that went on has no moments beside it', () => {
    const trail = seenAt(withEarlier(seenAt([], 'a', 5), 'a', 'a~1'), 'a~1', 1);
    expect(seenAt(trail, 'a~1', 2)).toEqual([{ fs: 'a~1', seq: 2 }]);
    expect(laterOf(seenAt(trail, 'a~1', 2), 'a~1')).toBeNull();
  });

  test('a fork replaces those that were before the moment', () => {
    const trail: Trail = [
      { fs: 'a~1', seq: 1 },
      { fs: 'a', seq: 5 },
    ];
    expect(withEarlier(trail, 'a', 'a~2').map(({ fs }) => fs)).toEqual(['a~2', 'a']);
  });
});

describe('names of forks', () => {
  test('count up from the name that is no fork', () => {
    expect(forkName('S01', new Set())).toBe('S01~1');
    expect(forkName('S01~3', new Set(['S01~1']))).toBe('S01~2');
    expect(rootOf('a~b~12')).toBe('a~b');
  });

  test('are at most 63 characters long, and at most 99', () => {
    expect(forkName('x'.repeat(63), new Set())?.length).toBeLessThanOrEqual(63);
    const all = Array.from({ length: 99 }, (_, i) => `a~${i + 1}`);
    expect(forkName('a', new Set(all))).toBeNull();
    expect(forkName('a', new Set(all.slice(0, 98)))).toBe('a~99');
  });
});

describe('the events of the last command', () => {
  const event = (type: string, operation?: string) =>
    ({ type: `pinhole.${type}`, operation }) as unknown as PinholeEvent;
  const types = (events: readonly PinholeEvent[]) =>
    eventsOfLastStep(events).map(({ type }) => type.slice('pinhole.'.length));

  test('a step, with those that it wakes', () => {
    const step = [event('task.step', 'op_8'), event('lock.released', 'op_8')];
    const woken = event('task.woken', 'op_6');
    expect(types([event('task.step', 'op_6'), ...step, woken])).toEqual([
      'task.step',
      'lock.released',
      'task.woken',
    ]);
  });

  test('an unpin, which has no step', () => {
    const before = [event('task.step', 'op_8'), event('operation.done', 'op_8')];
    const unpin = [event('page.unpinned', 'op_21'), event('page.idle', 'op_21')];
    expect(types([...before, ...unpin, event('task.woken', 'op_6')])).toEqual([
      'page.unpinned',
      'page.idle',
      'task.woken',
    ]);
  });

  test('a submission, and nothing at all', () => {
    expect(types([event('operation.submitted', 'op_6')])).toEqual(['operation.submitted']);
    expect(types([])).toEqual([]);
  });
});

test('why a run ended', () => {
  expect(walkText({ steps: 0, ended: 'idle' })).toBe('Nobody can take a step.');
  expect(walkText({ steps: 1, ended: 'deadlock' })).toBe(
    '1 step was taken, then a deadlock was found.',
  );
  expect(walkText({ steps: 9, ended: 'done' })).toBe(
    '9 steps were taken, and all operations have ended.',
  );
});
