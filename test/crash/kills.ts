// kill -9 at random moments under load, repeatedly on the same data directory. Clients remember the
// answers that they got. After each start the server must have exactly that; an unanswered request
// may be done completely or not at all.
import { cpSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  call,
  content,
  eventsAfter,
  freshFolder,
  must,
  repair,
  type Server,
  start,
  write,
} from './process.ts';

export interface Totals {
  kills: number;
  acknowledged: number;
  /** Requests that a kill left without an answer, and of those the ones that had been done. */
  unanswered: number;
  doneUnanswered: number;
  replays: number;
}

/**
 * A generator of our own, so that a seed gives the same choices; when a kill strikes is up to the
 * machine.
 */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const fail = (what: string): never => {
  throw new Error(what);
};

/** A whole collection. */
async function all<T>(server: Server, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let token = ''; ; ) {
    const page = (await must(server, 'GET', `${path}?pageSize=1000${token}`)).json;
    items.push(...page.items);
    if (page.nextPageToken === undefined) return items;
    token = `&pageToken=${page.nextPageToken}`;
  }
}

/** One caller with a file, a mapping and an owner of its own. */
class Client {
  readonly #name: string;
  readonly #fs: string;
  readonly #pick: (below: number) => number;
  readonly #totals: Totals;
  #content: Uint8Array = new Uint8Array(0);
  #mapping = '';
  readonly #pins = new Set<string>();
  /** A pin request without an answer, to be sent again with the same key. */
  #pending: { key: string } | null = null;
  /** A write or an unpin without an answer: done or not. */
  #maybeContent: Uint8Array | null = null;
  #maybeUnpinned: string | null = null;
  #keys = 0;
  #made = 0;

  constructor(name: string, fs: string, pick: (below: number) => number, totals: Totals) {
    this.#name = name;
    this.#fs = fs;
    this.#pick = pick;
    this.#totals = totals;
  }

  async setUp(server: Server): Promise<void> {
    await must(server, 'POST', `${this.#fs}/files`, { name: this.#name });
    await write(server, `${this.#fs}/files/${this.#name}/content`, Buffer.alloc(16_384));
    this.#content = Buffer.alloc(16_384);
    const mapping = { offset: 0, length: 16_384, access: 'read-write', owner: this.#name };
    this.#mapping = (
      await must(server, 'POST', `${this.#fs}/files/${this.#name}/mappings`, mapping)
    ).json.id;
  }

  /** Until the server does not answer any more. */
  async load(server: Server): Promise<void> {
    for (;;) {
      try {
        await this.#one(server);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        this.#totals.unanswered += 1;
        return;
      }
    }
  }

  async #one(server: Server): Promise<void> {
    const what = this.#pick(10);
    if (what < 4) await this.#write(server);
    else if (what < 7 || this.#pins.size === 0) await this.#pin(server);
    else if (what < 9) await this.#unpin(server);
    else await this.#create(server);
  }

  async #write(server: Server): Promise<void> {
    const at = this.#pick(16_000);
    const bytes = Buffer.alloc(1 + this.#pick(300), this.#pick(256));
    const next = Buffer.from(this.#content);
    bytes.copy(next, at);
    this.#maybeContent = next;
    const answer = await write(
      server,
      `${this.#fs}/files/${this.#name}/content?offset=${at}`,
      bytes.subarray(0, 16_384 - at),
    );
    this.#acknowledged(answer, 200);
    this.#content = next;
    this.#maybeContent = null;
  }

  async #pin(server: Server): Promise<void> {
    this.#pending = { key: `${this.#name}-${++this.#keys}` };
    await this.#sendPin(server);
  }

  async #sendPin(server: Server): Promise<void> {
    if (this.#pending === null) return;
    const range = { offset: 0, length: 8192, access: 'read', owner: this.#name };
    const headers = { 'idempotency-key': this.#pending.key };
    const answer = await call(
      server,
      'POST',
      `${this.#fs}/mappings/${this.#mapping}/pins`,
      range,
      headers,
    );
    this.#acknowledged(answer, 201);
    this.#pending = null;
    const { id } = answer.json;
    if (this.#pins.has(id)) fail(`${this.#name}: ${id} was given twice`);
    this.#pins.add(id);
  }

  async #unpin(server: Server): Promise<void> {
    const id = [...this.#pins][this.#pick(this.#pins.size)] as string;
    this.#maybeUnpinned = id;
    this.#acknowledged(await call(server, 'DELETE', `${this.#fs}/pins/${id}`), 200);
    this.#pins.delete(id);
    this.#maybeUnpinned = null;
  }

  async #create(server: Server): Promise<void> {
    const name = `${this.#name}-${this.#made}`;
    const answer = await call(server, 'POST', `${this.#fs}/files`, { name });
    // The one before may have been done without an answer.
    if (answer.status !== 409) this.#acknowledged(answer, 201);
    this.#made += 1;
  }

  #acknowledged({ status, json }: Answer, expected: number): void {
    if (status !== expected) fail(`${this.#name}: ${status} ${JSON.stringify(json)}`);
    this.#totals.acknowledged += 1;
  }

  async check(server: Server): Promise<void> {
    const found = await content(server, `${this.#fs}/files/${this.#name}/content`);
    if (this.#maybeContent !== null && found.equals(this.#maybeContent)) {
      if (!found.equals(this.#content)) this.#totals.doneUnanswered += 1;
      this.#content = this.#maybeContent;
    }
    if (!found.equals(this.#content)) {
      const from = this.#content.findIndex((byte, at) => byte !== found[at]);
      const part = (bytes: Uint8Array): string =>
        Buffer.from(bytes.subarray(from, from + 16)).toString('hex');
      const sent = this.#maybeContent === null ? 'nothing' : part(this.#maybeContent);
      fail(
        `${this.#name}: ${found.length} bytes of content are neither what was acknowledged nor what was sent: at ${from} ${part(found)}, ` +
          `acknowledged ${part(this.#content)}, sent ${sent}`,
      );
    }
    this.#maybeContent = null;

    // Sent again with its key, it is done once, whether it was done before or not.
    if (this.#pending !== null) await this.#sendPin(server);
    const pins = await all<{ id: string; owner: string }>(server, `${this.#fs}/pins`);
    const mine = new Set(pins.filter(({ owner }) => owner === this.#name).map(({ id }) => id));
    if (this.#maybeUnpinned !== null && !mine.has(this.#maybeUnpinned)) {
      this.#pins.delete(this.#maybeUnpinned);
      this.#totals.doneUnanswered += 1;
    }
    this.#maybeUnpinned = null;
    const lost = [...this.#pins].filter((id) => !mine.has(id));
    const extra = [...mine].filter((id) => !this.#pins.has(id));
    if (lost.length + extra.length > 0)
      fail(`${this.#name}: pins lost ${lost}, pins that nobody took ${extra}`);
    const files = new Set(
      (await all<{ name: string }>(server, `${this.#fs}/files`)).map(({ name }) => name),
    );
    for (let i = 0; i < this.#made; i++)
      if (!files.has(`${this.#name}-${i}`)) fail(`${this.#name}-${i} is lost`);
    // The list goes by inodes, this by names.
    if (this.#made > 0)
      await must(server, 'GET', `${this.#fs}/files/${this.#name}-${this.#pick(this.#made)}`);
  }
}

/** A truncate that sleeps on a page for as long as the run lasts. */
class Sleeper {
  readonly #fs: string;
  #operation = '';
  #page: unknown;

  constructor(fs: string) {
    this.#fs = fs;
  }

  async setUp(server: Server): Promise<void> {
    await must(server, 'POST', `${this.#fs}/files`, { name: 'bed' });
    await write(server, `${this.#fs}/files/bed/content`, Buffer.alloc(4096));
    const mapping = { offset: 0, length: 4096, access: 'read-write' };
    const { id } = (await must(server, 'POST', `${this.#fs}/files/bed/mappings`, mapping)).json;
    await must(server, 'POST', `${this.#fs}/mappings/${id}/pins`, {
      offset: 0,
      length: 4096,
      access: 'read',
      owner: 'nic',
    });
    const asleep = await call(
      server,
      'POST',
      `${this.#fs}/files/bed/truncate`,
      { sizeBytes: 0 },
      { prefer: 'respond-async' },
    );
    this.#operation = asleep.json.id;
    this.#page = asleep.json.sleepingOn.page;
  }

  async check(server: Server): Promise<void> {
    const { state, sleepingOn } = (
      await must(server, 'GET', `${this.#fs}/operations/${this.#operation}`)
    ).json;
    if (state !== 'sleeping' || JSON.stringify(sleepingOn.page) !== JSON.stringify(this.#page)) {
      fail(
        `the truncate is ${state}, on ${JSON.stringify(sleepingOn)} and not on ${JSON.stringify(this.#page)}`,
      );
    }
  }
}

async function checkStream(server: Server, fs: string, before: string): Promise<string> {
  const { seqs, types, cursor } = await eventsAfter(server, `${fs}/events`, before);
  if (types.includes('gap')) fail(`${fs}: the cursor ${before} fell into a gap`);
  seqs.forEach((seq, index) => {
    if (seq !== (seqs[0] ?? 0) + index) fail(`${fs}: event ${seq} after ${seqs[index - 1]}`);
  });
  const [, seq] = before.split('.');
  if (seqs.length > 0 && seqs[0] !== Number(seq) + 1)
    fail(`${fs}: after ${before} comes ${seqs[0]}`);
  return cursor;
}

/** Two replays of a copy of the folder, in other surroundings, come to the same state. */
async function checkReplay(folder: string): Promise<void> {
  const copy = freshFolder();
  cpSync(folder, copy, { recursive: true });
  const [a, b] = [
    await repair(copy, [], { TZ: 'Pacific/Chatham', LC_ALL: 'tr_TR.UTF-8' }),
    await repair(copy, [], { TZ: 'UTC', LC_ALL: 'C' }),
  ];
  rmSync(copy, { recursive: true });
  if (a.code !== 0 || a.stdout !== b.stdout || !/state [0-9a-f]{64}/.test(a.stdout)) {
    fail(
      `the replays of the folder differ, or were refused: ${a.stdout}${a.stderr}\n${b.stdout}${b.stderr}`,
    );
  }
}

/** Where the data is, and how the server ends. */
export interface Ground {
  folder: string;
  strike(server: Server): Promise<unknown>;
  clear(failed: boolean): void;
}

const killed = (): Ground => {
  const folder = freshFolder();
  return {
    folder,
    strike: (server) => server.kill(),
    clear(failed) {
      // Whoever looks into a failure needs the journal.
      if (failed) process.stderr.write(`the data of the failure is kept in ${folder}\n`);
      else rmSync(folder, { recursive: true, force: true });
    },
  };
};

export async function killLoop(
  kills: number,
  seed: number,
  progress: (totals: Totals) => void = () => {},
  { folder, strike, clear } = killed(),
): Promise<Totals> {
  const totals: Totals = {
    kills: 0,
    acknowledged: 0,
    unanswered: 0,
    doneUnanswered: 0,
    replays: 0,
  };
  const pick = random(seed);
  const args = ['--snapshot-entries', '300'];
  const filesystems = ['one', 'two'].map((name) => `/v1/filesystems/${name}`);
  const clients = filesystems.flatMap((fs, f) =>
    [0, 1, 2].map((i) => new Client(`c${f}${i}`, fs, pick, totals)),
  );
  const sleepers = filesystems.map((fs) => new Sleeper(fs));
  let server = await start(folder, { args });
  let failed = true;
  try {
    for (const name of ['one', 'two'])
      await must(server, 'POST', '/v1/filesystems', { name, sizeBytes: 33_554_432 });
    await Promise.all([...clients, ...sleepers].map((one) => one.setUp(server)));
    const now = await Promise.all(
      filesystems.map((fs) => eventsAfter(server, `${fs}/events`, 'now')),
    );
    let cursors = now.map(({ cursor }) => cursor);
    while (totals.kills < kills) {
      const loads = clients.map((client) => client.load(server));
      await sleep(20 + pick(300));
      await strike(server);
      await Promise.all(loads);
      totals.kills += 1;
      if (totals.kills % 20 === 0) {
        await checkReplay(folder);
        totals.replays += 1;
      }
      server = await start(folder, { args });
      await Promise.all([...clients, ...sleepers].map((one) => one.check(server)));
      cursors = await Promise.all(
        filesystems.map((fs, i) => checkStream(server, fs, cursors[i] ?? 'oldest')),
      );
      progress(totals);
    }
    failed = false;
    return totals;
  } finally {
    await server.kill();
    clear(failed);
  }
}
