// What a list of filesystems shows of their wait graphs.
import { describe, expect, test } from 'vitest';
import { isDeadlocked, oldestWaitSinceMs } from '../../../src/kernel/waits/deadlocked.ts';
import { letters, type Machine, machine, page } from '../../machine.ts';

/** Two files of two pages, each pinned by another owner, who truncates the file of the other. */
function crossed(): Machine {
  const m = machine({ strategy: 'break-layouts' });
  for (const [n, name] of ['a', 'b'].entries()) {
    m.create(name);
    m.write(name, letters('XY'), 0);
    m.map(name, 2);
    m.pinned(n + 1, 0, page, { owner: name === 'a' ? 'X' : 'Y' });
  }
  return m;
}

describe('whether a filesystem has a deadlock', () => {
  test('a sleeper is none, a cycle is one, and it ends when a pin is released', () => {
    const m = crossed();
    expect(isDeadlocked(m.k)).toBe(false);
    m.truncate('b', 0, { owner: 'X' });
    expect(isDeadlocked(m.k)).toBe(false);
    m.truncate('a', 0, { owner: 'Y' });
    expect(isDeadlocked(m.k)).toBe(true);
    expect(isDeadlocked(m.k)).toBe(true);
    m.unpin(1);
    expect(isDeadlocked(m.k)).toBe(false);
  });
});

describe('since when the oldest operation waits', () => {
  test('nobody, the first of two, then the second', () => {
    const m = crossed();
    expect(oldestWaitSinceMs(m.k)).toBe(null);
    m.advance(100);
    m.truncate('b', 0);
    m.advance(50);
    m.truncate('a', 0);
    const began = oldestWaitSinceMs(m.k);
    m.unpin(2);
    const then = oldestWaitSinceMs(m.k);
    expect([began, then].map((ms) => (ms ?? 0) - (began ?? 0))).toEqual([0, 50]);
  });
});
