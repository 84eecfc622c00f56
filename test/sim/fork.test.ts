// Forks of simulated runs: at every entry of a run the fork has the state that the machine had
// there, and the commands that follow have the same effects on both, also after a restart.
import { describe, expect, test } from 'vitest';
import { recordOf } from '../../src/bundle/state-schema.ts';
import { digestOf } from '../../src/durable/digest.ts';
import { type LoggedEntry, noHistory } from '../../src/durable/log.ts';
import { recover, withoutEvents } from '../../src/durable/replay.ts';
import { knownOf, stateHash } from '../../src/durable/snapshots.ts';
import { StoredLog } from '../../src/durable/stored-log.ts';
import { decode, encode } from '../../src/journal/codec.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import { argsOf, beginAgain } from '../../src/kernel/fork.ts';
import { apply, createKernel } from '../../src/kernel/kernel.ts';
import { snapshotRecords } from '../../src/kernel/snapshot.ts';
import type { Effects, Kernel } from '../../src/kernel/state.ts';
import { dose } from '../dose.ts';
import { limitsOfTests } from '../machine.ts';
import { configOf } from './config.ts';
import { Driver } from './driver.ts';
import { prng } from './prng.ts';
import { World } from './world.ts';

const runs = dose(6, 200);
const commandsAfter = 50;
const id = 'run';

/** The entries of a simulated run. */
function entriesOf(seed: number): { entries: LoggedEntry[]; first: Kernel } {
  const random = prng(seed);
  const world = new World(configOf(random));
  const entries: LoggedEntry[] = [];
  world.watchers.push({
    before: ({ seq, nowMs: timeMs }, command) =>
      entries.push(structuredClone({ seq: seq + 1, timeMs, command })),
    after() {},
  });
  const first = structuredClone(world.k);
  const driver = new Driver(world, random);
  for (const action of driver.beginning()) world.perform(action);
  for (let action = driver.next(); action !== null; action = driver.next()) world.perform(action);
  return { entries, first };
}

/** A text of the effects in which events are numbered from `before`. */
const textOf = ({ task, replies, events }: Effects, before: number): string =>
  JSON.stringify([task, replies, events.map((event) => ({ ...event, seq: event.seq - before }))]);

const hashOf = (k: Kernel): Promise<string> => stateHash(k, knownOf(undefined));

/** What a run left behind: its log, and the state and the effects of each entry. */
interface Run {
  store: MemoryStore;
  log: StoredLog;
  entries: LoggedEntry[];
  /** By the number of the entry. */
  hashes: string[];
  effects: string[];
}

async function play(seed: number): Promise<Run> {
  const { entries, first } = entriesOf(seed);
  const store = new MemoryStore();
  // One snapshot on the way, so that the whole run is kept.
  const snapshotEntries = Math.ceil(0.6 * entries.length);
  const log = new StoredLog(store, { snapshotEntries, snapshotBytes: 2 ** 30 });
  const made = createKernel(argsOf(first), limitsOfTests, 0);
  if (!made.ok) throw new Error(made.failure.why);
  const { kernel } = made;
  const run: Run = {
    store,
    log,
    entries,
    hashes: [await hashOf(kernel)],
    effects: [''],
  };
  log.create(id, birthOf(kernel, 'epoch'), undefined, () => {});
  let digest = 0;
  for (const entry of entries) {
    const { eventSeq } = kernel;
    log.append(id, [entry], { digest, eventSeq }, () => {});
    const effects = apply(kernel, structuredClone(entry));
    digest = digestOf(digest, kernel, effects);
    run.hashes.push(await hashOf(kernel));
    run.effects.push(textOf(effects, eventSeq));
    await log.snapshot(id, kernel, digest);
  }
  return run;
}

const birthOf = (kernel: Kernel, epoch: string) => ({
  tenant: 'default',
  args: argsOf(kernel),
  limits: limitsOfTests,
  timeMs: 0,
  number: 1,
  epoch,
});

async function forkAt({ log }: Run, seq: number): Promise<Kernel> {
  let kernel: Kernel | null = null;
  const isThere = (at: Kernel): boolean => {
    if (at.seq < seq) return false;
    kernel = at;
    return true;
  };
  await log.replay(id, { seq }, { begin: isThere, after: (_e, _f, at) => isThere(at) });
  if (kernel === null) throw new Error(`the log ends before entry ${seq}`);
  return kernel;
}

function demandSameEffects({ entries, effects }: Run, kernel: Kernel, seq: number): void {
  for (const entry of entries.slice(seq, seq + commandsAfter)) {
    const { eventSeq } = kernel;
    const text = textOf(apply(kernel, structuredClone(entry)), eventSeq);
    if (text !== effects[entry.seq]) expect(text, `entry ${entry.seq}`).toBe(effects[entry.seq]);
  }
}

/** Writes the fork as a filesystem of its own, and reads it again as a start does. */
async function restarted({ store, log }: Run, kernel: Kernel, name: string): Promise<Kernel> {
  const birth = { ...birthOf(kernel, name), forkOf: 'run' };
  await new Promise<void>((resolve, reject) =>
    log.createFrom(name, birth, { kernel, history: noHistory() }, undefined, (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  return (await recover(store, name, withoutEvents)).kernel;
}

describe('forks of simulated runs', () => {
  test.each(Array.from({ length: runs }, (_, i) => i + 1))('seed %i', async (seed) => {
    const run = await play(seed);
    for (let seq = 0; seq <= run.entries.length; seq += 1) {
      const kernel = await forkAt(run, seq);
      const hash = await hashOf(kernel);
      if (hash !== run.hashes[seq]) expect(hash, `entry ${seq}`).toBe(run.hashes[seq]);
      if (seq % 10 === seed % 10) {
        // The check of a foreign state accepts every state of this machine.
        for (const record of snapshotRecords(kernel)) recordOf(decode(encode(record)));
        beginAgain(kernel, argsOf(kernel), 'run');
        const begun = await hashOf(kernel);
        const again = await restarted(run, kernel, `fork-${seq}`);
        expect(await hashOf(again), `entry ${seq} after a restart`).toBe(begun);
        demandSameEffects(run, again, seq);
      }
      demandSameEffects(run, kernel, seq);
    }
    expect(run.entries.length).toBeGreaterThan(20);
  });
});
