// What can follow from the state at hand: who can take a step, what it touches, where it leads.
import { describe, expect, test } from 'vitest';
import { choicesOf, startFrom, verdictsOfChoices } from '../../src/kernel/choices.ts';
import { explore, search } from '../../src/kernel/explore.ts';
import { atRest } from '../../src/kernel/kernel.ts';
import type { PinId } from '../../src/kernel/units.ts';
import { letters, type Machine, type MachineOptions, machine, page } from '../machine.ts';

/** S01 of docs/scenarios.md: G has pinned page 0 and wants page 1 when T punches both. */
function mail(options: MachineOptions = {}): { m: Machine; t: number; g: number } {
  const m = machine({ scheduler: 'stepped', ...options });
  m.create('a');
  m.write('a', letters('ABC'), 0);
  m.settle();
  m.map('a', 3);
  const t = m.punch('a', 0, 2 * page, { owner: 'T' }).task;
  const g = m.pin(1, 0, 2 * page, { owner: 'G' }).task;
  return { m, t, g };
}

function verdicts(m: Machine, statesMax = 10_000): Record<string, string[]> {
  const start = startFrom(m.k);
  if ('tooLarge' in start) throw new Error(start.tooLarge);
  const found = verdictsOfChoices(start, explore(start, { statesMax }));
  return Object.fromEntries([...found].map(([task, verdicts]) => [task, [...verdicts].sort()]));
}

describe('the next steps', () => {
  test('name the lock, the page or the entry that they touch', () => {
    const { m, t, g } = mail({ strategy: 'wait-for-refs' });
    const touched = new Map<string, string | null>();
    for (const task of [g, g, g, g, g, g, t, t, t, t, t, t]) {
      for (const { task: name, nextStep, touches } of choicesOf(m.k))
        if (name === `op_${task}`) touched.set(`${name} ${nextStep}`, touches);
      m.step(task);
    }
    const pfn = m.k.pins.get(1 as PinId)?.pfns[0];
    expect(Object.fromEntries(touched)).toEqual({
      [`op_${g} begin`]: 'map_1',
      [`op_${g} page`]: `page:${pfn}`,
      [`op_${g} fault`]: 'lock:a:invalidate_lock',
      [`op_${g} entry`]: 'entry:a:0',
      [`op_${g} map`]: 'entry:a:0',
      [`op_${t} lock`]: 'lock:a:i_rwsem',
      [`op_${t} lockMapping`]: 'lock:a:invalidate_lock',
      [`op_${t} scan`]: 'file:a',
      [`op_${t} enqueue`]: `page:${pfn}`,
      [`op_${t} test`]: `page:${pfn}`,
      [`op_${t} sleep`]: `page:${pfn}`,
    });
    expect(choicesOf(m.k).map(({ task }) => task)).toEqual([`op_${g}`]);
  });

  test('are those of the worker and of the clock, too', () => {
    const m = machine({ scheduler: 'stepped', strategy: 'busy-extents' });
    m.create('a', page);
    const mapping = m.map('a', 1);
    const pin = m.pin(mapping, 0, 1).task;
    m.pin(mapping, 0, 1, {}, { holdMs: 5 });
    m.settle();
    m.truncate('a', 0);
    m.settle();
    expect(choicesOf(m.k)).toEqual([{ task: 'timer', nextStep: 'fire', touches: 'pin_2' }]);
    m.call('scheduler-step', {}, { task: 'timer' });
    expect(pin).toBeGreaterThan(0);
    m.unpin(1);
    expect(choicesOf(m.k)).toEqual([
      { task: 'kworker', nextStep: 'release', touches: expect.stringMatching(/^page:\d+$/) },
    ]);
  });
});

describe('verdicts of the choices', () => {
  test('S01: wait-for-refs can deadlock until one of the two is done', () => {
    const { m, t, g } = mail({ strategy: 'wait-for-refs' });
    expect(verdicts(m)).toEqual({
      [`op_${t}`]: ['completes', 'deadlock'],
      [`op_${g}`]: ['completes', 'deadlock'],
    });
    m.stepTo(g, 'fault');
    m.stepTo(g, 'page');
    m.step(g);
    m.stepTo(t, 'scan');
    m.step(t);
    expect(verdicts(m)).toEqual({ [`op_${t}`]: ['deadlock'], [`op_${g}`]: ['deadlock'] });
  });

  test.each(['busy-extents', 'detach-and-wait', 'break-layouts'])('S01: %s ends well', (name) => {
    const { m, t, g } = mail({ strategy: name });
    expect(verdicts(m)).toEqual({ [`op_${t}`]: ['completes'], [`op_${g}`]: ['completes'] });
  });

  test('an owner in a call does not release its pin: S09 is a deadlock', () => {
    const m = machine({ scheduler: 'stepped', strategy: 'wait-for-refs' });
    m.create('a', page);
    const mapping = m.map('a', 1);
    m.pin(mapping, 0, 1, { owner: 'P' });
    m.settle();
    const t = m.truncate('a', 0, { owner: 'T' }).task;
    expect(verdicts(m)).toEqual({ [`op_${t}`]: ['completes'] });
    m.stepTo(t, 'scan');
    const read = m.read('a', 0, 1, { owner: 'P' }).task;
    expect(verdicts(m)).toEqual({ [`op_${t}`]: ['deadlock'], [`op_${read}`]: ['deadlock'] });
  });

  test('a pin with holdMs is released by the clock, although its owner sleeps', () => {
    const m = machine({ scheduler: 'stepped', strategy: 'wait-for-refs' });
    m.create('a', page);
    m.pin(m.map('a', 1), 0, 1, { owner: 'P' }, { holdMs: 7 });
    m.settle();
    const t = m.truncate('a', 0, { owner: 'T' }).task;
    const read = m.read('a', 0, 1, { owner: 'P' }).task;
    expect(verdicts(m)).toEqual({
      [`op_${t}`]: ['completes'],
      [`op_${read}`]: ['completes'],
      timer: ['completes'],
    });
  });

  test('a search that ends early says unknown, and nothing that is wrong', () => {
    const { m, t, g } = mail({ strategy: 'wait-for-refs' });
    expect(verdicts(m, 5)).toEqual({ [`op_${t}`]: ['unknown'], [`op_${g}`]: ['unknown'] });
    const all = verdicts(m, 100);
    for (const found of Object.values(all)) expect(found).toContain('unknown');
  });

  test('a search changes nothing of the machine, and rests after each move', () => {
    const { m } = mail({ strategy: 'wait-for-refs' });
    const before = structuredClone(m.k);
    const start = startFrom(m.k);
    if ('tooLarge' in start) throw new Error(start.tooLarge);
    const searching = search(start, { statesMax: 50 });
    for (let moves = 0; moves < 20; moves++) expect(searching.next().done).toBe(false);
    expect(m.k).toEqual(before);
    expect(atRest(m.k)).toBe(true);
  });

  test('a machine that is too large is not searched', () => {
    const m = machine({ scheduler: 'stepped', blocks: 65_536 });
    for (let i = 0; i < 100; i++) m.create(`file-${i}`);
    expect(startFrom(m.k)).toEqual({ tooLarge: expect.stringContaining('131072 bytes') });
  });
});
