import { beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/config.ts';
import { type Log, memoryLog } from '../../src/durable/log.ts';
import type { Birth } from '../../src/durable/records.ts';
import { Engine, type EngineLimits, type HostedFilesystem } from '../../src/engine/engine.ts';
import type { Clock } from '../../src/engine/ticker.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import type { Done } from '../../src/journal/store.ts';
import { findFile } from '../../src/kernel/fs/inode.ts';
import { atRest } from '../../src/kernel/kernel.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import type { Command, Entry } from '../../src/kernel/state.ts';
import { byQuota, openAccount } from '../../src/tenants/quotas.ts';

/** A clock that stands until it is told to move. */
class TestClock implements Clock {
  now = 1_000_000;
  #calls: { atMs: number; call: () => void }[] = [];

  nowMs = () => this.now;

  at(atMs: number, call: () => void) {
    const one = { atMs, call };
    this.#calls.push(one);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== one);
    };
  }

  advance(ms: number) {
    this.now += ms;
    const due = this.#calls.filter(({ atMs }) => atMs <= this.now);
    this.#calls = this.#calls.filter(({ atMs }) => atMs > this.now);
    for (const { call } of due) call();
  }
}

/** A log that keeps everything and answers when it is told to. */
class TestLog implements Log {
  readonly createFrom = memoryLog.createFrom;
  readonly replay = memoryLog.replay;
  readonly bytesOf = memoryLog.bytesOf;
  readonly forget = memoryLog.forget;
  readonly release = memoryLog.release;
  readonly durability = 'disk';
  full = false;
  births: Birth[] = [];
  batches: Entry[][] = [];
  removed: string[] = [];
  slow = false;
  pending: Done[] = [];

  create(_id: string, birth: Birth, _key: unknown, done: Done) {
    this.births.push(birth);
    done(null);
  }

  append(_id: string, entries: readonly Entry[], _before: unknown, done: Done) {
    this.batches.push([...entries]);
    if (this.slow) this.pending.push(done);
    else done(null);
  }

  snapshot(): Promise<void> | null {
    return null;
  }

  removalOf() {
    return [];
  }

  remove(id: string, _events: number, _epoch: string, done: Done) {
    this.removed.push(id);
    if (this.slow) this.pending.push(done);
    else done(null);
  }
}

const quotas = {
  ...byQuota(() => 100),
  filesystems: 10,
  bytes: 2 ** 30,
  blocks: 2 ** 20,
  sleepers: 10,
  memory: 1e12,
};

let clock: TestClock;
let log: TestLog;
let engine: Engine;
let broken: { filesystem: string; seq: number; op: string; error: unknown }[];

beforeEach(() => {
  clock = new TestClock();
  log = new TestLog();
  broken = [];
  engine = new Engine({ limits: defaultConfig(), log, clock, onBroken: (one) => broken.push(one) });
  for (const tenant of ['t', 'u']) engine.admit(tenant, openAccount(quotas), 'e');
});

function restartWith(limits: Partial<EngineLimits>): void {
  engine = new Engine({ limits: { ...defaultConfig(), ...limits }, log, clock, onBroken() {} });
}

async function mkfs(options: object = {}, tenant = 't'): Promise<HostedFilesystem> {
  const made = await engine.create(
    tenant,
    mkfsArgs.parse({ name: 'f', sizeBytes: 1_048_576, ...options }),
  );
  if (!made.ok) throw new Error(made.failure.why);
  return made.fs;
}

const command = (
  op: string,
  on: Command['on'],
  args: object = {},
  more: Partial<Command> = {},
): Command => ({
  op,
  on,
  args,
  ...more,
});
const create = (name: string) => command('create', {}, { name, sizeBytes: 65_536 });
const turns = async (count = 5) => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function pinned(fs: HostedFilesystem, holdMs?: number): Promise<void> {
  await fs.submit(create('a'));
  await fs.submit(command('write', { file: 'a' }, { offset: 0 }, { data: new Uint8Array(8192) }));
  await fs.submit(
    command(
      'mmap',
      { file: 'a' },
      { offset: 0, length: 8192, access: 'read-write', shared: true, sync: false },
    ),
  );
  const args = {
    offset: 0,
    length: 8192,
    access: 'write',
    longterm: false,
    kind: 'rdma',
    ...(holdMs === undefined ? {} : { holdMs }),
  };
  const submission = await fs.submit(command('pin', { mapping: 1 }, args));
  const outcome = submission.outcome ?? (await fs.whenEnded(submission.task, 10_000));
  if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
}
const pinOne = () =>
  command(
    'pin',
    { mapping: 1 },
    { offset: 0, length: 4096, access: 'read', longterm: false, kind: 'rdma' },
  );
const truncate = (more: Partial<Command> = {}) =>
  command('truncate', { file: 'a' }, { sizeBytes: 0 }, more);

describe('the lane', () => {
  it('numbers and stamps what comes in one turn, and gives it to the log as one batch', async () => {
    const fs = await mkfs();
    await Promise.all(['a', 'b', 'c'].map((name) => fs.submit(create(name))));
    expect(log.births).toMatchObject([{ tenant: 't', args: { name: 'f' }, timeMs: 1_000_000 }]);
    expect(log.batches.map((batch) => batch.map(({ seq, timeMs }) => [seq, timeMs]))).toEqual([
      [
        [1, 1_000_000],
        [2, 1_000_000],
        [3, 1_000_000],
      ],
    ]);
  });

  it('applies nothing before the log has it, and appends one batch at a time', async () => {
    const fs = await mkfs();
    log.slow = true;
    const first = fs.submit(create('a'));
    await turns();
    const second = fs.submit(create('b'));
    await turns();
    expect(log.batches).toHaveLength(1);
    expect(fs.kernel.names.has('a')).toBe(false);
    log.pending.shift()?.(null);
    expect((await first).outcome?.ok).toBe(true);
    await turns();
    expect(log.batches).toHaveLength(2);
    expect(fs.kernel.names.has('b')).toBe(false);
    log.pending.shift()?.(null);
    expect((await second).outcome?.ok).toBe(true);
  });

  it('gathers while each turn of the event loop brings more, up to a whole batch, and for 2 ms', async () => {
    const fs = await mkfs();
    const submit = () => fs.submit(command('sync', {}));
    for (let i = 0; i < 3; i += 1) {
      void submit();
      await turns(1);
    }
    expect(log.batches).toEqual([]);
    // One turn that brings nothing is the end of it.
    await turns(2);
    void submit();
    await turns();
    const { batchMax } = defaultConfig();
    // A whole batch takes several slices on a busy machine, and nothing is gathered before its end.
    await Promise.all(Array.from({ length: batchMax }, submit));
    for (let i = 0; i < 3; i += 1) {
      void submit();
      await turns(1);
      clock.advance(1);
    }
    expect(log.batches.map((batch) => batch.length)).toEqual([3, 1, batchMax, 3]);
  });

  it('does not gather for a log that costs nothing', async () => {
    const memory = new Engine({ limits: defaultConfig(), log: memoryLog, clock, onBroken() {} });
    memory.admit('t', openAccount(quotas), 'e');
    const made = await memory.create('t', mkfsArgs.parse({ name: 'f', sizeBytes: 1_048_576 }));
    if (!made.ok) throw new Error(made.failure.why);
    void made.fs.submit(create('a'));
    await turns(1);
    expect(made.fs.kernel.names.has('a')).toBe(true);
  });

  it('answers in order, also those behind whom the log fails', async () => {
    const fs = await mkfs();
    log.slow = true;
    const told: string[] = [];
    const submit = (name: string) =>
      fs.enqueue(
        create(name),
        () => told.push(name),
        (error) => told.push(`${name} ${(error as { kind?: string }).kind ?? error.message}`),
      );
    submit('a');
    await turns();
    submit('b');
    submit('c');
    expect(told).toEqual([]);
    log.pending.shift()?.(null);
    // First everybody else who waits for the flush.
    expect(told).toEqual([]);
    await turns();
    expect(told).toEqual(['a']);
    // What comes next is refused; that is nothing to those whose batch is in the log.
    log.append = (_id, _entries, _before, done) => done(new JournalError('failed', 'fsync'));
    submit('d');
    log.pending.shift()?.(null);
    await turns();
    expect(told).toEqual(['a', 'b', 'c', 'd journal-failed']);
    expect([...fs.kernel.names.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('does nothing more once it is halted, though the log had a batch', async () => {
    const fs = await mkfs();
    log.slow = true;
    const first = fs.submit(create('a'));
    await turns();
    fs.enqueue(
      create('b'),
      () => {},
      () => {},
    );
    log.snapshot = () => {
      throw new Error('no snapshot after the halt');
    };
    engine.halt();
    log.pending.shift()?.(null);
    expect(await first).toMatchObject({ outcome: { ok: true } });
    await turns();
    expect(log.batches).toHaveLength(1);
    expect(fs.mounted).toBe(false);
  });

  it('never lets time go back', async () => {
    const fs = await mkfs();
    clock.now -= 5000;
    await fs.submit(create('a'));
    expect(log.batches[0]?.[0]?.timeMs).toBe(1_000_000);
  });

  it('delivers the events before it answers', async () => {
    const fs = await mkfs();
    const seen: string[] = [];
    engine.onDelivered((_fs, events) => seen.push(...events.map(({ type }) => type)));
    const answered = fs.submit(create('a')).then(() => seen.push('answered'));
    await answered;
    expect(seen).toEqual(['file.created', 'answered']);
  });

  it('tells the outcome of an operation that ends in the same batch', async () => {
    const fs = await mkfs();
    await pinned(fs);
    const [slept, unpinned] = await Promise.all([
      fs.submit(truncate()),
      fs.submit(command('unpin', { pin: 1 })),
    ]);
    expect(unpinned.outcome?.ok).toBe(true);
    expect(slept.outcome?.ok).toBe(true);
  });
});

describe('waiting', () => {
  it('ends with the operation, or with null when the time is over or the server drains', async () => {
    const fs = await mkfs();
    await pinned(fs);
    const { task, outcome } = await fs.submit(truncate());
    expect(outcome).toBeNull();
    expect(await fs.whenEnded(task, 5)).toBeNull();
    const [one, two] = [fs.whenEnded(task, 10_000), fs.whenEnded(task, 10_000)];
    await fs.submit(command('unpin', { pin: 1 }));
    expect((await one)?.ok).toBe(true);
    expect(await two).toEqual(await one);
    expect(await fs.whenEnded(task, 10_000)).toEqual(await one);
    expect(await fs.whenEnded(9999, 10_000)).toBeNull();
  });

  it('is over for everybody when the server drains', async () => {
    const fs = await mkfs();
    await pinned(fs);
    const { task } = await fs.submit(truncate());
    const waited = fs.whenEnded(task, 10_000);
    engine.drain();
    expect(await waited).toBeNull();
    expect(await fs.whenEnded(task, 10_000)).toBeNull();
  });
});

describe('time', () => {
  it('lets a pin go by itself', async () => {
    const fs = await mkfs();
    await pinned(fs, 500);
    expect(fs.kernel.counts.pins).toBe(1);
    clock.advance(499);
    await turns();
    expect(fs.kernel.counts.pins).toBe(1);
    clock.advance(1);
    await turns();
    expect(fs.kernel.counts.pins).toBe(0);
    expect(log.batches.at(-1)).toMatchObject([{ command: null, timeMs: 1_000_500 }]);
  });

  it('stands in a filesystem with a manual clock', async () => {
    const fs = await mkfs({ clock: 'manual' });
    await pinned(fs, 500);
    clock.advance(10_000);
    await turns();
    expect(fs.kernel.counts.pins).toBe(1);
    expect(fs.kernel.nowMs).toBe(0);
    await fs.submit(command('clock-advance', {}, { ms: 500 }));
    expect(fs.kernel.counts.pins).toBe(0);
    expect(log.batches.at(-1)?.[0]?.timeMs).toBe(0);
  });
});

describe('events', () => {
  it('go to the ring of the filesystem and to that of the tenant, numbered in each', async () => {
    const [f, g] = [await mkfs(), await mkfs({ name: 'g' })];
    await f.submit(create('a'));
    await g.submit(create('b'));
    const own = f.ring.read(1, 100);
    const all = engine.tenantRing('t').read(1, 100);
    if (own.kind === 'gap' || all.kind === 'gap') throw new Error('a gap');
    expect(own.records.map(({ event }) => event.seq)).toEqual(own.records.map((_, i) => i + 1));
    expect(all.records.map(({ filesystem, event }) => [filesystem, event.type])).toEqual([
      ['f', 'filesystem.created'],
      ['g', 'filesystem.created'],
      ['f', 'file.created'],
      ['g', 'file.created'],
    ]);
    expect(engine.tenantRing('u').read(1, 100)).toMatchObject({ records: [] });
  });

  it('end with the filesystem', async () => {
    const fs = await mkfs();
    let told = 0;
    fs.ring.subscribe(() => {
      told += 1;
    });
    await fs.submit(command('umount', {}, { force: false }));
    expect(fs.ring.closed).toBe(true);
    expect(told).toBeGreaterThan(0);
    expect(log.removed).toEqual([fs.id]);
  });
});

describe('an unmount', () => {
  it('answers ENOENT to what came behind it in the same batch', async () => {
    const fs = await mkfs();
    const [gone, late] = await Promise.all([
      fs.submit(command('umount', {}, { force: true })),
      fs.submit(create('a')),
    ]);
    expect(gone.outcome?.ok).toBe(true);
    expect(late.outcome).toMatchObject({ ok: false, failure: { errno: 'ENOENT' } });
    expect(engine.find('t', 'f')).toBeUndefined();
    expect((await fs.submit(create('a'))).outcome).toMatchObject({
      ok: false,
      failure: { errno: 'ENOENT' },
    });
    const again = await mkfs();
    expect(again.id).not.toBe(fs.id);
    expect(again.ring.epoch).not.toBe(fs.ring.epoch);
  });
});

describe('a broken law', () => {
  it('stops that filesystem and not its neighbours', async () => {
    const [f, g] = [await mkfs(), await mkfs({ name: 'g' })];
    await pinned(f);
    const { task } = await f.submit(truncate());
    const waited = f.whenEnded(task, 10_000);
    const [bad, after] = [f.submit(command('no-such-operation', {})), f.submit(create('b'))];
    await expect(bad).rejects.toMatchObject({ kind: 'filesystem-stopped' });
    await expect(after).rejects.toMatchObject({ kind: 'filesystem-stopped' });
    await expect(f.submit(create('c'))).rejects.toMatchObject({
      kind: 'filesystem-stopped',
    });
    expect(await waited).toBeNull();
    expect(broken).toMatchObject([{ filesystem: 'f', op: 'no-such-operation', seq: f.kernel.seq }]);
    expect((await g.submit(create('a'))).outcome?.ok).toBe(true);
  });

  it('leaves a filesystem that can still be removed', async () => {
    const fs = await mkfs();
    await pinned(fs);
    await expect(fs.submit(command('no-such-operation', {}))).rejects.toMatchObject({
      kind: 'filesystem-stopped',
    });
    await expect(fs.submit(command('umount', {}, { force: false }))).rejects.toMatchObject({
      kind: 'filesystem-stopped',
    });
    expect((await fs.submit(command('umount', {}, { force: true }))).outcome).toMatchObject({
      ok: true,
    });
    expect(engine.find('t', 'f')).toBeUndefined();
    await mkfs();
  });

  it('is not guessed around when the log fails', async () => {
    const fs = await mkfs();
    log.slow = true;
    const lost = fs.submit(create('a'));
    await turns();
    log.pending.shift()?.(new JournalError('failed', 'fsync'));
    await expect(lost).rejects.toMatchObject({ kind: 'journal-failed' });
    await expect(fs.submit(create('b'))).rejects.toMatchObject({ kind: 'journal-failed' });
    expect(fs.kernel.names.has('a')).toBe(false);
    expect(broken).toHaveLength(1);
    await expect(fs.submit(command('umount', {}, { force: true }))).rejects.toMatchObject({
      kind: 'journal-failed',
    });
    expect(log.removed).toEqual([]);
  });

  it('is unmounted by force, and says so when the log knows it', async () => {
    const fs = await mkfs();
    await expect(fs.submit(command('no-such-operation', {}))).rejects.toMatchObject({
      kind: 'filesystem-stopped',
    });
    log.slow = true;
    const answers: unknown[] = [];
    const umount = command('umount', {}, { force: true });
    fs.enqueue(
      umount,
      (submission) => answers.push(submission),
      (error) => answers.push(error),
    );
    await turns();
    expect(answers).toEqual([]);
    expect(await engine.dismiss('t', () => Promise.resolve()), 'the log still has it').toBe(false);
    log.pending.shift()?.(null);
    expect(answers).toEqual([
      { task: 0, outcome: { ok: true, result: { name: fs.name, forced: true } } },
    ]);
    expect(
      await engine.dismiss('t', () => Promise.reject(new Error('no room'))).catch(String),
    ).toBe('Error: no room');
    expect(await engine.dismiss('t', () => Promise.resolve())).toBe(true);
  });
});

describe('quotas', () => {
  const oneSleeper = { ...quotas, sleepers: 1 };
  const strategy = (newRefs: string) => ({ strategy: { name: 'wait-for-refs', newRefs } });

  it('are not blamed for a refusal that everybody gets', async () => {
    engine.admit('v', openAccount(oneSleeper), 'e');
    const fs = await mkfs(strategy('fail'), 'v');
    await pinned(fs);
    expect((await fs.submit(truncate())).outcome).toBeNull();
    expect((await fs.submit(pinOne())).outcome).toMatchObject({
      failure: { errno: 'EAGAIN', rule: 'WR1' },
    });
    expect((await fs.submit(truncate())).outcome).toMatchObject({
      failure: { errno: 'EDQUOT', rule: 'Q1' },
    });
  });

  it('are named also where the command needs several entries to be refused', async () => {
    restartWith({ stepsPerApplyMax: 1 });
    engine.admit('v', openAccount(oneSleeper), 'e');
    const fs = await mkfs(strategy('fail'), 'v');
    await pinned(fs);
    await turns();
    expect((await fs.submit(truncate())).outcome).toBeNull();
    expect((await fs.submit(truncate())).outcome).toMatchObject({
      failure: { errno: 'EDQUOT', rule: 'Q1' },
    });
  });

  it('get back what a stopped filesystem used', async () => {
    const account = openAccount(quotas);
    engine.admit('v', account, 'e');
    const fs = await mkfs(strategy('block'), 'v');
    await pinned(fs);
    await fs.submit(truncate());
    expect((await fs.submit(pinOne())).outcome).toBeNull();
    expect(account.reserved.pins).toBe(1);
    await expect(fs.submit(command('no-such-operation', {}))).rejects.toMatchObject({
      kind: 'filesystem-stopped',
    });
    expect(account.reserved).toEqual(byQuota(() => 0));
    await fs.submit(command('umount', {}, { force: true }));
    expect(account).toMatchObject({
      reserved: byQuota(() => 0),
      used: { ...byQuota(() => 0), memory: expect.any(Number) },
    });
  });
});

describe('a disk that is full while an entry has steps left', () => {
  const full = new JournalError('full', 'no room');
  let fs: HostedFilesystem;
  let answers: unknown[] = [];

  beforeEach(async () => {
    restartWith({ stepsPerApplyMax: 1 });
    engine.admit('v', openAccount(quotas), 'e');
    fs = await mkfs({}, 'v');
    await fs.submit(create('a'));
    log.slow = true;
    void fs.submit(truncate());
    await turns();
    log.pending.shift()?.(null);
    await turns();
    expect(atRest(fs.kernel), 'a truncate takes more than one step').toBe(false);
    answers = [];
    fs.submit(command('sync', {})).catch((error) => answers.push(['sync', error.kind]));
  });

  it('gets a second turn from the reserve', async () => {
    log.pending.shift()?.(full);
    await turns();
    expect(log.pending, 'the tick comes again at once').toHaveLength(1);
    for (let i = 0; i < 20 && !atRest(fs.kernel); i += 1) {
      log.pending.shift()?.(null);
      await turns();
    }
    log.pending.shift()?.(null);
    expect(findFile(fs.kernel, 'a')?.sizeBytes).toBe(0);
    expect(answers).toEqual([]);
  });

  it('delays no other request', async () => {
    log.pending.shift()?.(full);
    await turns();
    log.pending.shift()?.(full);
    await turns();
    expect(answers).toContainEqual(['sync', 'disk-full']);
    expect(fs.waiting).toBe(0);
    clock.advance(1000);
    await turns();
    expect(log.pending, 'the entry goes on when there may be room again').toHaveLength(1);
  });
});

describe('the inbox', () => {
  it('is bounded', async () => {
    const small = new Engine({
      limits: { ...defaultConfig(), inboxMax: 2 },
      log,
      clock,
      onBroken: () => {},
    });
    small.admit('t', openAccount({ ...quotas, filesystems: 1 }), 'e');
    const made = await small.create('t', mkfsArgs.parse({ name: 'f', sizeBytes: 1_048_576 }));
    if (!made.ok) throw new Error(made.failure.why);
    const answers = await Promise.allSettled(
      ['a', 'b', 'c'].map((name) => made.fs.submit(create(name))),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: { kind: 'inbox-full' } });
  });
});
