// The strategy changes while an eviction waits for a pin: the eviction scans again, and frees
// blocks under the pin only if the new strategy does that.
import { describe, expect, test } from 'vitest';
import { letters, type Machine, machine, page } from '../../machine.ts';

/** The last reference to an unlinked file goes while its page 0 is pinned by pin_1. */
function evicting(
  strategy: string,
  options: Record<string, unknown> = {},
): Machine & { t: number } {
  const m = machine({ strategy: { name: strategy, ...options } });
  m.create('a');
  m.write('a', letters('AB'), 0);
  const mapping = m.map('a', 2);
  m.pinned(mapping, 0, page, { owner: 'P' });
  m.unlink('a');
  const { task: t } = m.munmap(mapping, { owner: 'T' });
  expect(m.opState(t)).toMatch(/^D page/);
  return { ...m, t };
}

describe.each([['wait-for-refs'], ['break-layouts']])('an eviction asleep under %s', (from) => {
  test.each(['refuse', 'wait-for-refs', 'break-layouts'])('waits on under %s', (to) => {
    const m = evicting(from);
    m.strategy(to);
    expect(m.opState(m.t)).toMatch(/^D page/);
    expect(m.seen('warning.raised')).toEqual([]);
    m.unpin(1);
    expect(m.opState(m.t)).toBe('done');
    expect(m.k.counts.blocksUsed).toBe(0);
  });

  test.each([
    { to: 'busy-extents', list: 'busy' },
    { to: 'detach-and-wait', list: 'detached' },
  ] as const)('ends under $to, and the pinned block goes to its list', ({ to, list }) => {
    const m = evicting(from);
    m.strategy(to);
    expect(m.opState(m.t)).toBe('done');
    expect(m.k[list].pages).toBe(1);
    m.unpin(1);
    expect(m.k[list].pages).toBe(0);
  });
});
