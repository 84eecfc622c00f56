// Clients of a cluster that write down what they did: every answer before the next request. Each
// client has the nodes in another order, and asks the next one when it is refused for the moment.
import { setTimeout as delay } from 'node:timers/promises';
import { type Op, violationOf } from '../cluster/linear.ts';
import { ask, insist } from './nodes.ts';

interface Register {
  fs: string;
  history: Op[];
  /** The epoch of its stream. */
  epoch: string;
}

export class Load {
  readonly #urls: () => readonly string[];
  readonly #registers: Register[] = [];
  /** Files whose creation was answered 201, by filesystem. */
  readonly acknowledged = new Map<string, string[]>();
  /** Answers that no healthy cluster gives. */
  readonly wrong: string[] = [];
  answers = 0;
  refusals = 0;
  #value = 0;
  #stopped = false;
  #clients: Promise<void>[] = [];

  constructor(urls: () => readonly string[]) {
    this.#urls = urls;
  }

  /** A filesystem with one file whose size is a register; two clients write it, two read it. */
  async add(fs: string): Promise<void> {
    const made = await insist(this.#urls, 'POST', '/v1/filesystems', {
      json: { name: fs, sizeBytes: 16 * 1024 * 1024 },
      headers: { 'idempotency-key': `mkfs-${fs}` },
    });
    if (made.status !== 201) throw new Error(`mkfs ${fs}: ${made.status}`);
    const file = await insist(this.#urls, 'POST', `/v1/filesystems/${fs}/files`, {
      json: { name: 'register' },
      headers: { 'idempotency-key': `create-${fs}` },
    });
    if (file.status !== 201) throw new Error(`create in ${fs}: ${file.status}`);
    const { epoch } = await this.#stream(fs);
    const register = { fs, history: [], epoch };
    this.#registers.push(register);
    this.acknowledged.set(fs, []);
    for (let client = 0; client < 2; client += 1)
      this.#clients.push(this.#write(register, client), this.#read(register, client));
    this.#clients.push(this.#create(fs));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  #url(client: number, tries: number): string {
    const all = this.#urls();
    return all[(client + tries) % all.length] ?? '';
  }

  /** Truncates to a size of its own. A retry with the same key is the same operation. */
  async #write({ fs, history }: Register, client: number): Promise<void> {
    while (!this.#stopped) {
      this.#value += 1;
      const op: Op = {
        kind: 'write',
        value: this.#value,
        from: performance.now(),
        to: Number.POSITIVE_INFINITY,
      };
      history.push(op);
      const request = {
        json: { sizeBytes: op.value },
        headers: { 'idempotency-key': `size-${op.value}` },
      };
      const path = `/v1/filesystems/${fs}/files/register/truncate`;
      for (let tries = 0; !this.#stopped; tries += 1) {
        const status = await this.#try(client, tries, 'POST', path, request);
        if (status === null) continue;
        if (status === 200) op.to = performance.now();
        else this.wrong.push(`truncate to ${op.value}: ${status}`);
        break;
      }
      await delay(20);
    }
  }

  async #read({ fs, history }: Register, client: number): Promise<void> {
    for (let tries = 0; !this.#stopped; tries += 1) {
      const from = performance.now();
      try {
        const path = `/v1/filesystems/${fs}/files/register`;
        const { status, json } = await ask(this.#url(client, tries), 'GET', path);
        if (status === 200)
          history.push({ kind: 'read', value: json.sizeBytes, from, to: performance.now() });
        else if (status !== 503) this.wrong.push(`read of ${fs}: ${status}`);
      } catch {
        this.refusals += 1;
      }
      await delay(15);
    }
  }

  /** Creates files, each under a name that is used once. */
  async #create(fs: string): Promise<void> {
    for (let count = 0; !this.#stopped; count += 1) {
      const name = `f${count}`;
      const request = { json: { name }, headers: { 'idempotency-key': `${fs}-${name}` } };
      for (let tries = 0; !this.#stopped; tries += 1) {
        const path = `/v1/filesystems/${fs}/files`;
        const status = await this.#try(count, tries, 'POST', path, request);
        if (status === null) continue;
        if (status === 201) this.acknowledged.get(fs)?.push(name);
        // A file that is there already was created twice.
        else this.wrong.push(`create ${name} in ${fs}: ${status}`);
        break;
      }
      await delay(20);
    }
  }

  /** Null if the request must be sent again. */
  async #try(
    client: number,
    tries: number,
    method: string,
    path: string,
    request: Parameters<typeof ask>[3],
  ): Promise<number | null> {
    try {
      const { status, json } = await ask(this.#url(client, tries), method, path, request);
      // The first request with this key may still be on its way.
      if (status === 503 || (status === 409 && json.rule === 'H23')) {
        this.refusals += 1;
        await delay(20);
        return null;
      }
      this.answers += 1;
      return status;
    } catch {
      this.refusals += 1;
      await delay(20);
      return null;
    }
  }

  /** What the cluster must show after it has healed; every sentence is one failure. */
  async faults(): Promise<string[]> {
    const faults = [...this.wrong];
    for (const register of this.#registers) {
      const { fs, history } = register;
      const violation = violationOf(history, 0);
      if (violation !== null) faults.push(`${fs}: ${violation.why} ${violation.values}`);
      const names = await this.#namesIn(fs);
      for (const name of this.acknowledged.get(fs) ?? [])
        if (!names.has(name)) faults.push(`${fs}: the acknowledged file ${name} is lost`);
      faults.push(...(await this.#faultsOfStream(register)));
    }
    return faults;
  }

  async #namesIn(fs: string): Promise<Set<string>> {
    const names = new Set<string>();
    for (let token = ''; ; ) {
      const path = `/v1/filesystems/${fs}/files?pageSize=1000${token}`;
      const { json } = await insist(this.#urls, 'GET', path);
      for (const { name } of json.items) names.add(name);
      if (json.nextPageToken === undefined) return names;
      token = `&pageToken=${json.nextPageToken}`;
    }
  }

  /** The numbers of the events follow each other, from 1 on, under the epoch of the beginning. */
  async #faultsOfStream({ fs, epoch }: Register): Promise<string[]> {
    const { seqs, epoch: now } = await this.#stream(fs);
    if (now !== epoch) return [`${fs}: the epoch was ${epoch} and is ${now}`];
    const at = seqs.findIndex((seq, index) => seq !== index + 1);
    if (at >= 0) return [`${fs}: the stream goes from ${seqs[at - 1]} to ${seqs[at]}`];
    return seqs.length > 0 ? [] : [`${fs}: the stream is empty`];
  }

  async #stream(fs: string): Promise<{ seqs: number[]; epoch: string }> {
    const path = `/v1/filesystems/${fs}/events?from=oldest`;
    const headers = { accept: 'application/x-ndjson' };
    const { json } = await insist(this.#urls, 'GET', path, { headers });
    const seqs: number[] = [];
    let epoch = '';
    for (const line of String(json).trim().split('\n')) {
      const { events = [], cursor } = JSON.parse(line) as {
        events?: { seq: number }[];
        cursor?: string;
      };
      for (const { seq } of events) seqs.push(seq);
      epoch = cursor?.split('.')[0] ?? epoch;
    }
    return { seqs, epoch };
  }
}

/** Prints a figure; no test asserts a time. */
export function figure(name: string, values: readonly number[], unit = 'ms'): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.ceil(part * sorted.length) - 1] ?? 0);
  console.info(`${name}: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ${unit}, ${sorted.length}×`);
}
