import { describe, expect, test } from 'vitest';
import { type Op, violationOf } from './linear.ts';

const write = (value: number, from: number, to: number): Op => ({ kind: 'write', value, from, to });
const read = (value: number, from: number, to: number): Op => ({ kind: 'read', value, from, to });
const unknown = Number.POSITIVE_INFINITY;

describe('the checker of histories', () => {
  test('takes what one machine could have done', () => {
    expect(violationOf([], 0)).toBeNull();
    expect(violationOf([write(1, 0, 10), read(0, 2, 4), read(1, 5, 6)], 0)).toBeNull();
    // Two writes at the same time, in either order.
    expect(violationOf([write(1, 0, 10), write(2, 0, 10), read(1, 11, 12)], 0)).toBeNull();
    expect(violationOf([write(1, 0, 10), write(2, 0, 10), read(2, 11, 12)], 0)).toBeNull();
  });

  test('leaves open whether an unknown write was done', () => {
    expect(violationOf([write(1, 0, unknown), read(0, 5, 6)], 0)).toBeNull();
    expect(violationOf([write(1, 0, unknown), read(0, 5, 6), read(1, 7, 8)], 0)).toBeNull();
    expect(violationOf([write(1, 0, unknown), read(1, 5, 6), read(0, 7, 8)], 0)).not.toBeNull();
  });

  test('finds a planted stale read', () => {
    const stale = [write(1, 0, 1), write(2, 2, 3), read(2, 4, 5), read(1, 6, 7)];
    expect(violationOf(stale, 0)?.why).toBe('stale read or lost write');
    expect(violationOf([write(1, 0, 1), read(0, 2, 3)], 0)).not.toBeNull();
  });

  test('finds a planted lost write', () => {
    const lost = [write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(1, 6, 7)];
    expect(violationOf(lost, 0)?.values.sort()).toEqual([1, 2]);
  });

  test('finds a value out of nowhere, and one from the future', () => {
    expect(violationOf([read(7, 0, 1)], 0)?.why).toBe('read of a value that nobody wrote');
    expect(violationOf([read(1, 0, 1), write(1, 2, 3)], 0)?.why).toBe('read before its write');
  });

  test('agrees with a search through all orders, on random histories', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    let wrong = 0;
    for (let i = 0; i < 3000; i += 1) {
      const writes = 1 + random(3);
      const history: Op[] = [];
      for (let op = 0; op < writes + 3; op += 1) {
        // Ends are odd and begins are even, so that no two are at the same time.
        const from = 2 * random(12);
        const to = from + 1 + 2 * random(6);
        if (op < writes) history.push(write(op + 1, from, random(5) === 0 ? unknown : to));
        else history.push(read(random(writes + 1), from, to));
      }
      const found = violationOf(history, 0) !== null;
      expect(found, JSON.stringify(history)).toBe(!canBeOrdered(history, 0));
      if (found) wrong += 1;
    }
    // Both kinds are there.
    expect(wrong).toBeGreaterThan(500);
    expect(wrong).toBeLessThan(2900);
  });
});

/** The slow way: tries every order that keeps to the times. */
function canBeOrdered(left: readonly Op[], value: number): boolean {
  const certain = left.filter(({ to }) => to !== unknown);
  if (certain.length === 0) return true;
  const firstEnd = Math.min(...certain.map(({ to }) => to));
  return left.some((op, at) => {
    if (op.from > firstEnd) return false;
    if (op.kind === 'read' && op.value !== value) return false;
    return canBeOrdered([...left.slice(0, at), ...left.slice(at + 1)], op.value);
  });
}
