import { expect, test } from 'vitest';
import { letters, machine, page } from '../../machine.ts';

test('a fault that is woken for an entry and gives up wakes the next one', () => {
  const m = machine({ strategy: 'break-layouts', scheduler: 'stepped' });
  m.create('a');
  m.settle(m.write('a', letters('A'), 0).task);
  const mapping = m.map('a', 1);
  const [first, second, third] = [1, 2, 3].map(() => m.fault(mapping, 0, 'read').task) as [
    number,
    number,
    number,
  ];
  m.stepTo(first, 'map'); // It has the entry.
  m.settle(second);
  m.settle(third);
  expect([second, third].map((task) => m.opState(task))).toEqual(['D entry 0', 'D entry 0']);
  m.settle(m.munmap(mapping).task);
  m.settle(first);
  expect(m.opState(second)).toBe('R'); // One wake-up for the one who is next.
  expect(m.opState(third)).toBe('D entry 0');
  m.settle();
  expect([first, second, third].map((task) => m.opState(task))).toEqual([
    'EFAULT',
    'EFAULT',
    'EFAULT',
  ]);
});

test('a fault that has the entry wakes the next one only when it is done', () => {
  const m = machine({ strategy: 'break-layouts', scheduler: 'stepped' });
  m.create('a');
  m.settle(m.write('a', letters('A'), 0).task);
  const mapping = m.map('a', 1);
  const [first, second, third] = [1, 2, 3].map(() => m.fault(mapping, 0, 'read').task) as [
    number,
    number,
    number,
  ];
  m.stepTo(first, 'map');
  m.settle(second);
  m.stepTo(third, 'entry');
  m.step(first);
  // Not queued, and quicker than the one that was woken: the lock bit is not handed over.
  m.step(third);
  m.settle(second);
  expect(m.opState(second)).toBe('D entry 0');
  m.settle();
  expect([first, second, third].map((task) => m.opState(task))).toEqual(['done', 'done', 'done']);
  expect(m.seen('page.faulted').map(({ data }) => data.pgoff * page)).toEqual([0, 0, 0]);
});
