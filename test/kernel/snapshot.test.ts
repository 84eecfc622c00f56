// A machine that was written to records, encoded and read back continues exactly like the original.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateHash } from '../../src/durable/snapshots.ts';
import { decode, encode } from '../../src/journal/codec.ts';
import { apply } from '../../src/kernel/kernel.ts';
import {
  type ContentChunk,
  contentChunks,
  Restore,
  type SnapshotRecord,
  snapshotRecords,
} from '../../src/kernel/snapshot.ts';
import type { Entry, Kernel } from '../../src/kernel/state.ts';
import { type Choice, machine, page } from '../machine.ts';
import { commands, perform } from '../model/commands.ts';

const strategies: Choice[] = [
  { name: 'busy-extents' },
  { name: 'wait-for-refs' },
  { name: 'detach-and-wait' },
  { name: 'break-layouts', idleRule: 'modern' },
  { name: 'none' },
];

function copyOf(k: Kernel): Kernel {
  const restore = new Restore();
  for (const record of snapshotRecords(k)) restore.add(decode(encode(record)) as SnapshotRecord);
  for (const chunk of contentChunks(k)) restore.addContent(decode(encode(chunk)) as ContentChunk);
  return restore.kernel;
}

describe.each(['auto', 'stepped'] as const)('a snapshot with the scheduler %s', (scheduler) => {
  test.each(strategies)('$name: continues like the original machine', async (strategy) => {
    let after = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const [script] = fc.sample(commands(200, scheduler === 'stepped' ? 200 : 0), {
        numRuns: 1,
        seed,
      }) as [never[]];
      const later: Entry[] = [];
      let copy: Kernel | null = null;
      const m = machine({
        strategy,
        scheduler,
        kind: seed % 2 === 0 ? 'ext4' : 'xfs',
        blocks: 24,
        checkEvery: 1000,
        watch: {
          before(k, command) {
            if (copy !== null)
              later.push(structuredClone({ seq: k.seq + 1, timeMs: k.nowMs, command }));
          },
          after() {},
        },
      });
      m.create('a', 2 * page);
      m.create('b', page);
      m.map('a', 4);
      m.map('b', 4);
      for (const [index, command] of script.entries()) {
        perform(m, command, index);
        if (index !== script.length >> 1) continue;
        copy = copyOf(m.k);
        expect(await stateHash(copy, new Map())).toBe(await stateHash(m.k, new Map()));
      }
      if (copy === null) throw new Error('a script has at least one command');
      for (const entry of later) apply(copy, entry);
      after += later.length;
      expect(await stateHash(copy, new Map())).toBe(await stateHash(m.k, new Map()));
    }
    expect(after).toBeGreaterThan(200);
  });
});

test('every change of the contents is told by the number of its chunk', () => {
  const m = machine({ blocks: 512 });
  m.create('a', 200 * page);
  const seqs = () => new Map([...contentChunks(m.k)].map(({ index, seq }) => [index, seq]));
  const before = seqs();
  m.write('a', new Uint8Array(page).fill(1));
  const after = seqs();
  const moved = [...after].filter(([index, seq]) => before.get(index) !== seq);
  expect(moved).toHaveLength(1);
  expect(moved[0]?.[1]).toBe(m.k.seq);
});

test('entries of 2 MiB, their folios and an exchange that spins come back', async () => {
  const m = machine({
    blocks: 2048,
    strategy: { name: 'break-layouts', idleRule: 'fixed' },
    folioGranularity: true,
  });
  for (const name of ['a', 'b']) {
    m.create(name);
    m.write(name, new Uint8Array(512 * page).fill(name.charCodeAt(0)), 0);
  }
  const pin = m.pinned(m.map('b', 512), 3 * page, page);
  const { task } = m.exchange('a', 'b', { length: page }, { owner: 'T' });
  expect(m.opState(task)).toMatch(/^R spins/);
  const copy = copyOf(m.k);
  expect([copy.folios.size, copy.spinning, [...copy.mappings.values()][0]?.pmds]).toEqual([
    1,
    [task],
    null,
  ]);
  const entry = { seq: m.k.seq + 1, timeMs: 0, command: { op: 'unpin', on: { pin }, args: {} } };
  m.unpin(pin);
  expect(apply(copy, entry).replies).toMatchObject([
    { outcome: { ok: true } },
    { task, outcome: { ok: true } },
  ]);
  expect(await stateHash(copy, new Map())).toBe(await stateHash(m.k, new Map()));

  const mapped = machine({ blocks: 2048, strategy: 'busy-extents' });
  mapped.create('a');
  mapped.write('a', new Uint8Array(512 * page), 0);
  mapped.fault(mapped.map('a', 512), 0, 'read');
  const again = copyOf(mapped.k);
  expect([...again.mappings.values()][0]?.pmds).toEqual(new Set([0]));
  expect([...again.inodes.values()][0]?.pmds).toEqual(new Set([0]));
});

test.each([
  ['unlink', { op: 'unlink', on: { file: 'a' }, args: {} }],
  ['truncate', { op: 'truncate', on: { file: 'a' }, args: { sizeBytes: 0 } }],
  [
    'write zeros again',
    { op: 'write', on: { file: 'a' }, args: { offset: 0 }, data: new Uint8Array(page) },
  ],
  [
    'zero-range',
    { op: 'zero-range', on: { file: 'a' }, args: { offset: 0, length: page, keepSize: false } },
  ],
  ['power-cycle', { op: 'power-cycle', on: {}, args: { drop: 'all', seed: 1 } }],
] as const)('pages of zeros, held or not, are one state: %s', async (_name, command) => {
  const m = machine({ strategy: 'break-layouts' });
  m.create('a');
  m.write('a', new Uint8Array(2 * page), 0);
  m.store(m.map('a', 2), page, new Uint8Array(8));
  const copy = copyOf(m.k);
  for (const k of [m.k, copy])
    apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command: structuredClone(command) as never });
  expect(await stateHash(copy, new Map())).toBe(await stateHash(m.k, new Map()));
});
