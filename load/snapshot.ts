// How long a snapshot of a large filesystem blocks the event loop: the longest pause, for a snapshot
// that writes everything and for one that writes only the changes.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig } from '../src/config.ts';
import { bulkPrefixes } from '../src/durable/keys.ts';
import type { Manifest } from '../src/durable/records.ts';
import { knownOf, stateHash, writeSnapshot } from '../src/durable/snapshots.ts';
import { LevelStore } from '../src/journal/level-store.ts';
import { apply, createKernel } from '../src/kernel/kernel.ts';
import { operations } from '../src/kernel/ops/index.ts';
import { mkfsArgs } from '../src/kernel/ops/mkfs.ts';
import type { Command, Kernel } from '../src/kernel/state.ts';
import { judge } from './goals.ts';

const page = 4096;
const goalMs = 20;

/** 100,000 extents, 64 MiB of contents, 20,000 pins. */
function bigKernel(): {
  k: Kernel;
  run(op: string, on: Command['on'], args: object, data?: Uint8Array): void;
} {
  const config = defaultConfig();
  const limits = {
    tasks: 1000,
    endedOperations: 1000,
    endedOperationMs: 60_000,
    extentsPerFile: 1_000_000,
    pagesPerPin: 1024,
    pinnedReferences: 1_000_000,
    anonPages: 1000,
    bytesPerRead: config.contentBytesMax,
    stepsPerApply: 10_000_000,
  };
  const made = createKernel(
    mkfsArgs.parse({ name: 'big', sizeBytes: 2 ** 30, clock: 'manual' }),
    limits,
    0,
  );
  if (!made.ok) throw new Error(made.failure.why);
  const k = made.kernel;
  const run = (op: string, on: Command['on'], args: object, data?: Uint8Array) => {
    const parsed = operations.get(op)?.args.parse(args);
    const command: Command = { op, on, args: parsed, ...(data === undefined ? {} : { data }) };
    const { replies } = apply(k, { seq: k.seq + 1, timeMs: 0, command });
    for (const { outcome } of replies)
      if (!outcome.ok) throw new Error(`${op}: ${outcome.failure.why}`);
  };
  run('create', {}, { name: 'holes' });
  run('allocate', { file: 'holes' }, { offset: 0, length: 200_000 * page });
  for (let i = 0; i < 100_000; i++)
    run('punch-hole', { file: 'holes' }, { offset: 2 * i * page, length: page });
  run('create', {}, { name: 'full' });
  const bytes = new Uint8Array(2 ** 20).fill(7);
  for (let i = 0; i < 64; i++) run('write', { file: 'full' }, { offset: i * bytes.length }, bytes);
  run('mmap', { file: 'full' }, { offset: 0, length: 64 * bytes.length, access: 'read-write' });
  for (let i = 0; i < 20_000; i++)
    run('pin', { mapping: 1 }, { offset: (i % 16_384) * page, length: page, access: 'read' });
  return { k, run };
}

/**
 * Processor time of this thread, because on a busy machine a pause is longer than the work in it. NaN
 * if the system does not report it.
 */
function threadMs(): number {
  try {
    return (
      Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6
    );
  } catch {
    return Number.NaN;
  }
}

/** Prints both. Returns whether the written snapshot is correct and the pauses were short. */
export async function snapshot(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
  const store = await LevelStore.open({
    directory: join(folder, 'journal'),
    reserveBytes: 0,
    bulk: bulkPrefixes,
    onFailed() {},
  });
  const { k, run } = bigKernel();
  let before: Manifest | undefined;
  let good = true;
  console.log('\nsnapshot: 100,000 extents, 64 MiB of contents, 20,000 pins');
  for (const what of ['everything', 'what changed since']) {
    let longest = 0;
    let longestWork = 0;
    let [last, worked] = [performance.now(), threadMs()];
    const begin = last;
    let going = true;
    const look = () => {
      const [now, work] = [performance.now(), threadMs()];
      longest = Math.max(longest, now - last);
      longestWork = Math.max(longestWork, work - worked);
      [last, worked] = [now, work];
      if (going) setImmediate(look);
    };
    setImmediate(look);
    before = await writeSnapshot(
      store.journal('big'),
      k,
      { group: 0, position: 0, chain: 0, digest: 0 },
      knownOf(before),
    );
    going = false;
    const ms = performance.now() - begin;
    console.log(
      `${what.padEnd(20)}${ms.toFixed(0).padStart(6)} ms, ` +
        `${(before.bytes / 2 ** 20).toFixed(1)} MiB beside the contents, longest pause ` +
        `${longest.toFixed(1)} ms`,
    );
    good =
      judge([
        {
          what: 'longest work between two looks at the event loop',
          most: goalMs,
          measured: longestWork,
          unit: 'ms',
        },
      ]) && good;
    good &&= before.hash === (await stateHash(k, new Map()));
    for (let i = 0; i < 100; i++)
      run('write', { file: 'full' }, { offset: i * page }, new Uint8Array(64).fill(i));
  }
  await store.close();
  rmSync(folder, { recursive: true });
  return good;
}
