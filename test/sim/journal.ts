// The engine, its journal and the recovery, over a disk that delays, fails, fills up, tears and
// forgets by seed; two tenants with filesystems of the same names. After every start: all that was
// acknowledged is there, nothing twice, and each machine is what the entries give that were taken,
// applied again elsewhere. Or the start is refused, where the disk did what no journal can mend.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig } from '../../src/config.ts';
import { bulkPrefixes } from '../../src/durable/keys.ts';
import { type Before, type Log, type LoggedEntry, memoryLog } from '../../src/durable/log.ts';
import { readFilesystems } from '../../src/durable/read.ts';
import type { Birth, RequestKey, TenantRecord } from '../../src/durable/records.ts';
import { withoutEvents } from '../../src/durable/replay.ts';
import { StoredLog } from '../../src/durable/stored-log.ts';
import type { RecoveredFilesystem } from '../../src/durable/world.ts';
import { Engine, type HostedFilesystem } from '../../src/engine/engine.ts';
import type { Clock } from '../../src/engine/ticker.ts';
import { encode } from '../../src/journal/codec.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import { LevelStore } from '../../src/journal/level-store.ts';
import type { Change, Done } from '../../src/journal/store.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { apply, createKernel } from '../../src/kernel/kernel.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import { Panic } from '../../src/kernel/panic.ts';
import { contentChunks, snapshotRecords } from '../../src/kernel/snapshot.ts';
import type { Command, Entry, Kernel, Target } from '../../src/kernel/state.ts';
import { type Account, openAccount } from '../../src/tenants/quotas.ts';
import { page } from '../machine.ts';
import { Broken, type NoticedBy, noticedBy } from './broken.ts';
import { safeChoices } from './config.ts';
import { FakeDisk, type Left } from './fake-disk.ts';
import { type Prng, prng } from './prng.ts';

export const journalStates = [
  'flush delayed over other commands',
  'flush failed, and is not there',
  'flush failed, and is there',
  'no room for a flush, which is not there',
  'no room for a flush, which is there',
  'no room for a snapshot',
  'power cut in a flush, which is not there',
  'power cut in a flush, which is there',
  'power cut in a torn flush, and a start',
  'torn flush refused',
  'lost flush refused',
  'power cut in a snapshot',
  'start from a snapshot',
  'start with sleepers',
  'unmounted, and stays so',
] as const;
export type JournalCounts = Record<(typeof journalStates)[number], number>;
export const noJournalCounts = (): JournalCounts =>
  Object.fromEntries(journalStates.map((state) => [state, 0])) as JournalCounts;

const law = 'journal';
const tenantNames = ['east', 'west'];
const much = 1_000_000;
const limits = {
  ...defaultConfig(),
  inboxMax: 1000,
  batchMax: 8,
  filesystemsMax: 100,
  deviceBytesMax: 2 ** 30,
  ringEventsMax: 1000,
  tenantRingEventsMax: 1000,
  tasksMax: 100,
  endedOperationsMax: 10,
  endedOperationMs: 1000,
  extentsPerFileMax: 100,
  pagesPerPinMax: 16,
  pinnedReferencesMax: 1000,
  anonPagesMax: 100,
  contentBytesMax: 2 ** 20,
  stepsPerApplyMax: 10_000,
  readBytesKeptMax: 4096,
  ringBytesMax: 1e9,
  tenantRingBytesMax: 1e9,
  memoryMax: 1e12,
};

/** What the log was given for one filesystem, over all lives of the server. */
interface History {
  birth: Birth;
  born: boolean;
  entries: Entry[];
  /** The last entry that was called durable. */
  acknowledged: number;
  /** The log was asked to forget it; it was told that nothing of it is left. */
  removal: 'none' | 'asked' | 'durable';
}

/**
 * The machine that these entries give, none behind an umount: of the batch with that, the rest is
 * not done.
 */
function playedAgain(
  { birth }: History,
  entries: readonly Entry[],
): { kernel: Kernel; unmounted: boolean } {
  const made = createKernel(birth.args, birth.limits, birth.timeMs);
  if (!made.ok) throw new Broken(law, `mkfs of ${birth.args.name} is refused the second time`);
  const { kernel } = made;
  for (const entry of entries)
    if (apply(kernel, structuredClone(entry)).unmounted) return { kernel, unmounted: true };
  return { kernel, unmounted: false };
}

/** Stands before the real log, and writes down what goes through. */
class Recorder implements Log {
  readonly createFrom = memoryLog.createFrom;
  readonly replay = memoryLog.replay;
  readonly bytesOf = memoryLog.bytesOf;
  readonly forget = memoryLog.forget;
  readonly release = memoryLog.release;
  readonly durability = 'disk';
  readonly #inner: Log;
  readonly #histories: Map<string, History>;
  readonly #seqs: WeakMap<Command, { history: History; seq: number }>;
  readonly #complain: (wrong: Broken) => void;

  constructor(
    inner: Log,
    histories: Map<string, History>,
    seqs: WeakMap<Command, { history: History; seq: number }>,
    complain: (wrong: Broken) => void,
  ) {
    this.#complain = complain;
    this.#inner = inner;
    this.#histories = histories;
    this.#seqs = seqs;
  }

  get full(): boolean {
    return this.#inner.full;
  }

  create(id: string, birth: Birth, key: RequestKey | undefined, done: Done): void {
    const history: History = { birth, born: false, entries: [], acknowledged: 0, removal: 'none' };
    this.#histories.set(id, history);
    this.#inner.create(id, birth, key, (error) => {
      history.born ||= error === null;
      if (error?.kind === 'full') this.#histories.delete(id);
      done(error);
    });
  }

  append(id: string, entries: readonly LoggedEntry[], before: Before, done: Done): void {
    const history = this.#histories.get(id);
    if (history === undefined) {
      this.#complain(new Broken(law, `an entry for ${id}, which was never born`));
      return;
    }
    for (const entry of entries) {
      history.entries.push(structuredClone(entry));
      if (entry.seq !== history.entries.length)
        this.#complain(new Broken(law, `entry ${entry.seq} where ${history.entries.length} comes`));
      if (entry.command !== null) this.#seqs.set(entry.command, { history, seq: entry.seq });
    }
    this.#inner.append(id, entries, before, (error) => {
      if (error === null) history.acknowledged = entries.at(-1)?.seq ?? 0;
      // They are certainly not there, and others come in their place.
      if (error?.kind === 'full') history.entries.length -= entries.length;
      done(error);
    });
  }

  remove(id: string, events: number, epoch: string, done: Done): void {
    const history = this.#histories.get(id);
    if (history === undefined) {
      this.#complain(new Broken(law, `${id} is to be forgotten, and was never born`));
      return;
    }
    history.removal = 'asked';
    if (!playedAgain(history, history.entries.slice(0, history.acknowledged)).unmounted)
      this.#complain(
        new Broken(
          law,
          `${history.birth.args.name} is to be forgotten, and no umount of it is durable`,
        ),
      );
    this.#inner.remove(id, events, epoch, (error) => {
      if (error === null) history.removal = 'durable';
      done(error);
    });
  }

  removalOf(tenant: string): readonly Change[] {
    return this.#inner.removalOf(tenant);
  }

  snapshot(id: string, kernel: Kernel, digest: number): Promise<void> | null {
    return this.#inner.snapshot(id, kernel, digest);
  }
}

/** Time stands still; machines have clocks of their own. */
const clock: Clock = { nowMs: () => 1_000_000, at: () => () => {} };

const bytesOf = (k: Kernel): Buffer =>
  Buffer.concat([...[...snapshotRecords(k)].map(encode), ...[...contentChunks(k)].map(encode)]);

async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
}

const epochOf = (tenant: string): string => `epoch of ${tenant}`;
const tenantRecordOf = (name: string, number: number): TenantRecord => ({
  name,
  number,
  createdMs: 0,
  id: name,
  epoch: epochOf(name),
  quotas: {},
});

class JournalWorld {
  readonly #random: Prng;
  readonly #counts: JournalCounts;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pinhole-sim-'));
  readonly #disk = new FakeDisk();
  readonly #histories = new Map<string, History>();
  readonly #seqs = new WeakMap<Command, { history: History; seq: number }>();
  #accounts = new Map<string, Account>();
  #store: LevelStore | null = null;
  #engine: Engine | null = null;
  /** Lives of the server. */
  #life = 0;
  /** What went wrong where nobody could be told: in an answer. */
  #wrong: Error | null = null;
  /** The disk tore or forgot something on the way down: a start may be refused. */
  #mayRefuse: 'torn flush refused' | 'lost flush refused' | null = null;

  constructor(random: Prng, counts: JournalCounts) {
    this.#random = random;
    this.#counts = counts;
    mkdirSync(join(this.#folder, 'store'));
    writeFileSync(join(this.#folder, 'store', 'LOG'), '');
  }

  async run(): Promise<void> {
    try {
      for (let lives = 3 + this.#random.below(4); lives > 0; lives--) {
        if (!(await this.#start())) return;
        await this.#live();
        await this.#stop();
      }
    } finally {
      this.#disk.cut('nothing');
      await this.#store?.close().catch(() => {});
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** False where the start is refused, as it must be. */
  async #start(): Promise<boolean> {
    this.#life += 1;
    const state = this.#mayRefuse;
    this.#mayRefuse = null;
    const { generation } = this.#disk;
    try {
      const store = await LevelStore.open({
        directory: this.#folder,
        reserveBytes: 0,
        bulk: bulkPrefixes,
        onFailed() {},
        // What is full stays so for this life.
        lookMs: 2 ** 31 - 1,
        openLevel: async () => this.#disk.open(generation),
      });
      this.#store = store;
      const kept = await readFilesystems(store, {
        events: { ...withoutEvents.events, eventsMax: 50 },
      });
      if (state === 'lost flush refused')
        throw new Broken(law, 'an acknowledged flush is gone, and the start says nothing');
      const stopped = new Set(kept.unrecovered.map(({ id }) => id));
      if (state === 'torn flush refused' && stopped.size === 0)
        this.#counts['power cut in a torn flush, and a start'] += 1;
      this.#check(kept.filesystems, stopped);
      // A torn flush stops the filesystems that it was of, and no others. Here the world ends with
      // them.
      for (const { error } of kept.unrecovered) throw error;
      const log = new StoredLog(store, { snapshotEntries: 12, snapshotBytes: 2 ** 20 });
      log.adopt({ ...kept, pastEvents: new Map() });
      for (const id of kept.gone) void log.purge(id);
      this.#adopt(
        new Recorder(log, this.#histories, this.#seqs, (wrong) => this.#broken(wrong)),
        kept.filesystems,
      );
      return true;
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      if (error.kind !== 'damaged' || state === null)
        throw new Broken(law, `a start is refused: ${error.message}`);
      this.#counts[state] += 1;
      return false;
    }
  }

  #check(filesystems: readonly RecoveredFilesystem[], stopped: ReadonlySet<string>): void {
    const byId = new Map(filesystems.map((recovered) => [recovered.id, recovered]));
    for (const [id, history] of [...this.#histories]) {
      if (stopped.has(id)) continue;
      const { birth, born, entries, acknowledged, removal } = history;
      const recovered = byId.get(id);
      const { kernel, unmounted } = playedAgain(
        history,
        entries.slice(0, recovered?.kernel.seq ?? acknowledged),
      );
      if (recovered === undefined) {
        // Either its birth was never durable, or its umount was, and then it was taken out of the
        // log.
        const gone = born ? removal !== 'none' && unmounted : acknowledged === 0;
        if (!gone)
          throw new Broken(law, `${birth.tenant}/${birth.args.name} was made, and is not there`);
        this.#histories.delete(id);
        continue;
      }
      const there = recovered.kernel.seq;
      const where = `${birth.tenant}/${birth.args.name} of ${entries.length} entries`;
      if (there < acknowledged && !unmounted)
        throw new Broken(
          law,
          `${where} comes back with ${there}, and ${acknowledged} were acknowledged`,
        );
      if (removal === 'durable')
        throw new Broken(law, `${where} comes back, and was said to be gone`);
      if (there > entries.length) throw new Broken(law, `${where} comes back with ${there}`);
      if (recovered.unmounted !== unmounted)
        throw new Broken(law, `${where} comes back ${unmounted ? 'mounted' : 'unmounted'}`);
      if (Buffer.compare(bytesOf(kernel), bytesOf(recovered.kernel)) !== 0)
        throw new Broken(law, `${where} is another machine than its first ${there} entries give`);
      if (!unmounted) checkInvariants(recovered.kernel);
      entries.length = there;
      Object.assign(history, { born: true, acknowledged: there, removal: 'none' });
      if (recovered.tail.snapshots.length > 0) this.#counts['start from a snapshot'] += 1;
      if (kernel.sleepers.size > 0) this.#counts['start with sleepers'] += 1;
      if (unmounted) this.#counts['unmounted, and stays so'] += 1;
      byId.delete(id);
    }
    if (byId.size > 0)
      throw new Broken(law, `filesystems that nobody made: ${[...byId.keys()].join()}`);
  }

  #adopt(log: Log, filesystems: readonly RecoveredFilesystem[]): void {
    const engine = new Engine({ limits, log, clock, onBroken: ({ error }) => this.#broken(error) });
    this.#engine = engine;
    this.#accounts = new Map();
    for (const tenant of tenantNames) {
      const account = openAccount({
        filesystems: much,
        bytes: 2 ** 40,
        blocks: much,
        files: much,
        mappings: much,
        pins: much,
        sleepers: much,
        labs: much,
        labsKept: much,
        labCommands: much,
        memory: 1e12,
      });
      this.#accounts.set(tenant, account);
      engine.admit(tenant, account, epochOf(tenant));
    }
    engine.adopt({
      tenants: tenantNames.map(tenantRecordOf),
      filesystems,
      unrecovered: [],
      pastEvents: new Map(),
      labHistories: new Map(),
    });
    engine.start();
    this.#checkTenants();
  }

  /** Each tenant has its own filesystems and pays for those; nobody hears of another's. */
  #checkTenants(): void {
    const engine = this.#engine as Engine;
    for (const tenant of tenantNames) {
      const account = this.#accounts.get(tenant) as Account;
      const own = [...engine.list(tenant)];
      const blocks = own.reduce((sum, { kernel }) => sum + kernel.counts.blocksUsed, 0);
      const bytes = own.reduce((sum, { kernel }) => sum + kernel.geometry.sizeBytes, 0);
      const [told, counted] = [
        `${account.used.blocks} ${account.used.bytes}`,
        `${blocks} ${bytes}`,
      ];
      if (told !== counted)
        throw new Broken(law, `${tenant} has blocks and bytes ${counted}, and pays for ${told}`);
      if (own.some((fs) => fs.tenant !== tenant))
        throw new Broken(law, `${tenant} sees a filesystem of another tenant`);
    }
  }

  get #failed(): boolean {
    return this.#store?.failed === true;
  }

  #broken(error: unknown): void {
    if (error instanceof Broken || error instanceof Panic) this.#wrong ??= error;
    else if (!(error instanceof JournalError))
      this.#wrong ??= new Panic(`it threw ${(error as Error).stack}`);
  }

  /** One life: commands, and flushes that take their time. */
  async #live(): Promise<void> {
    const engine = this.#engine as Engine;
    for (let moves = 20 + this.#random.below(60); moves > 0 && !this.#failed; moves--) {
      const random = this.#random;
      if (this.#disk.busy && !random.oneIn(3)) {
        const fate = random.below(60);
        if (fate === 0) {
          const left = random.pick(['all', 'nothing'] as const);
          this.#counts[
            left === 'all' ? 'flush failed, and is there' : 'flush failed, and is not there'
          ] += 1;
          this.#disk.fail(left);
        } else if (fate === 1) {
          const left = random.pick(['all', 'nothing'] as const);
          if (this.#disk.writesSnapshot) this.#counts['no room for a snapshot'] += 1;
          this.#counts[
            left === 'all'
              ? 'no room for a flush, which is there'
              : 'no room for a flush, which is not there'
          ] += 1;
          this.#disk.refuse(left);
        } else this.#disk.complete();
      } else {
        if (this.#disk.busy) this.#counts['flush delayed over other commands'] += 1;
        this.#command(engine);
      }
      // Sometimes more comes before anybody has done anything.
      if (!random.oneIn(4)) await settle();
      if (this.#wrong !== null) throw this.#wrong;
      if (random.oneIn(8) && !this.#failed) this.#checkTenants();
    }
  }

  /** The power goes, at any moment. */
  async #stop(): Promise<void> {
    const random = this.#random;
    const changes = this.#disk.changesInFlight;
    let left: Left = 'nothing';
    if (this.#disk.busy) {
      if (random.oneIn(6) && changes > 1) {
        left = 1 + random.below(changes - 1);
        this.#mayRefuse = 'torn flush refused';
      } else {
        left = random.pick(['all', 'nothing'] as const);
        this.#counts[
          left === 'all'
            ? 'power cut in a flush, which is there'
            : 'power cut in a flush, which is not there'
        ] += 1;
      }
      if (this.#disk.writesSnapshot) this.#counts['power cut in a snapshot'] += 1;
    } else if (random.oneIn(10) && this.#disk.lastWasCalledDone) {
      this.#disk.forget();
      this.#mayRefuse = 'lost flush refused';
    }
    this.#engine?.halt();
    this.#engine = null;
    this.#disk.cut(left);
    await settle();
    await this.#store?.close();
    this.#store = null;
    if (this.#wrong !== null) throw this.#wrong;
  }

  #command(engine: Engine): void {
    const random = this.#random;
    const tenant = random.pick(tenantNames);
    const all = [...engine.list(tenant)];
    if (all.length === 0 || (all.length < 2 && random.oneIn(6))) {
      this.#create(engine, tenant);
      return;
    }
    const fs = random.pick(all);
    const command = commandFor(fs, random);
    if (command === null) return;
    const life = this.#life;
    fs.submit(command).then(
      () => {
        const said = this.#seqs.get(command);
        if (life !== this.#life || said === undefined || said.seq <= said.history.acknowledged)
          return;
        this.#wrong ??= new Broken(
          law,
          `entry ${said.seq} was answered, and ${said.history.acknowledged} are durable`,
        );
      },
      () => {}, // It may be there and it may not.
    );
  }

  #create(engine: Engine, tenant: string): void {
    const random = this.#random;
    const args = mkfsArgs.parse({
      name: random.pick(['one', 'two']),
      sizeBytes: (16 + random.below(16)) * page,
      strategy: random.pick(safeChoices),
      kind: random.pick(['xfs', 'ext4'] as const),
      clock: 'manual',
      scheduler: random.oneIn(2) ? 'stepped' : 'auto',
    });
    engine.create(tenant, args).catch(() => {});
  }
}

/** Something that a user might ask of this filesystem as it stands. */
function commandFor({ kernel: k }: HostedFilesystem, random: Prng): Command | null {
  const file: Target = { file: random.pick(['a', 'b']) };
  const range = { offset: random.below(5) * page, length: (1 + random.below(2)) * page };
  const choices: [op: string, on: Target, args: Record<string, unknown>, bytes?: number][] = [
    ['create', {}, { name: file.file, sizeBytes: random.below(4) * page }],
    ['write', file, { offset: random.below(4) * page }, 1 + random.below(2 * page)],
    ['truncate', file, { sizeBytes: random.below(5) * page }],
    ['punch-hole', file, range],
    ['mmap', file, { offset: 0, length: 5 * page, access: 'read-write' }],
    ['unlink', file, {}],
    ['clock-advance', {}, { ms: 1 + random.below(5) }],
  ];
  const some = <T>(of: Iterable<T>): T[] => {
    const list = [...of];
    return list.length === 0 ? [] : [random.pick(list)];
  };
  for (const mapping of some(k.mappings.keys())) {
    choices.push([
      'pin',
      { mapping },
      { ...range, access: 'write', ...(random.oneIn(4) ? { holdMs: 3 } : {}) },
    ]);
    choices.push(
      ['store', { mapping }, { offset: range.offset }, 100],
      ['munmap', { mapping }, {}],
    );
  }
  for (const pin of some(k.pins.keys()))
    choices.push(['unpin', { pin }, {}], ['dma-write', { pin }, {}, 100]);
  for (const operation of some(k.tasks.keys())) choices.push(['cancel', { operation }, {}]);
  if (k.geometry.scheduler === 'stepped')
    for (let times = 0; times < 8; times++)
      for (const id of some(k.runnable)) choices.push(['scheduler-step', {}, { task: `op_${id}` }]);
  if (random.oneIn(20))
    choices.push(['power-cycle', {}, { drop: 'some', seed: random.below(100) }]);
  if (random.oneIn(20)) choices.push(['set-strategy', {}, random.pick(safeChoices)]);
  if (random.oneIn(6)) choices.push(['umount', {}, { force: !random.oneIn(3) }]);
  const [op, on, given, bytes] = random.pick(choices);
  const args = operations.get(op)?.args.safeParse(given);
  if (args?.success !== true) return null;
  const data =
    bytes === undefined ? {} : { data: new Uint8Array(bytes).fill(1 + random.below(250)) };
  const owner = random.oneIn(3) ? {} : { owner: random.pick(['G', 'T']) };
  return { op, on, args: args.data, ...owner, ...data };
}

/** Null, or what broke. */
export async function runJournal(
  seed: number,
  counts: JournalCounts = noJournalCounts(),
): Promise<{ message: string; by: NoticedBy } | null> {
  try {
    await new JournalWorld(prng(seed), counts).run();
    return null;
  } catch (error) {
    const by = noticedBy(error);
    const { message, stack } = error as Error;
    return { message: by === 'oracle' ? message : String(stack), by };
  }
}
