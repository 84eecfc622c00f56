// The client reconnects with its cursor, as the close code tells it, and returns each event once.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  events,
  type PinholeEvent,
  restClient,
  StreamGap,
  StreamRefused,
} from '../../src/client/index.ts';
import { call, fs, must, type Service, start } from '../http/start.ts';
import { listen } from '../http/stream-reader.ts';

let service: Service | null = null;
let other: { close(): void } | null = null;
afterEach(async () => {
  other?.close();
  other = null;
  await service?.close();
  service = null;
});

const quick = { min: 1, max: 50 };
const manual = { json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' } };

async function world(
  config: Parameters<typeof start>[0] = {},
): Promise<{ service: Service; base: string; tick(): Promise<unknown> }> {
  const started = await start(config);
  service = started;
  const base = await listen(started);
  await must(started, 201, 'POST', '/v1/filesystems', manual);
  return {
    service: started,
    base,
    tick: () => must(started, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } }),
  };
}

async function take(count: number, from: AsyncGenerator<PinholeEvent>): Promise<PinholeEvent[]> {
  const taken: PinholeEvent[] = [];
  for await (const event of from) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

/** Carries bytes to a server, and cuts connections as it is told. */
async function leakyPipe(base: string): Promise<{ base: string; cut(): void }> {
  const open = new Set<Socket>();
  const { port } = new URL(base);
  const pipe: Server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  other = pipe;
  await new Promise<void>((resolve) => pipe.listen(0, '127.0.0.1', resolve));
  const address = pipe.address() as { port: number };
  return {
    base: `http://127.0.0.1:${address.port}`,
    cut() {
      for (const socket of open) socket.destroy();
    },
  };
}

describe('the stream', () => {
  it('is dense over any number of cuts', async () => {
    const { base, tick, service: running } = await world();
    const pipe = await leakyPipe(base);
    let going = true;
    const load = (async () => {
      while (going)
        await Promise.all([
          tick(),
          tick(),
          call(running, 'POST', `${fs}/files`, { json: { name: 'a' } }),
        ]);
    })();
    const seen: PinholeEvent[] = [];
    let cuts = 0;
    for await (const event of events({
      url: `${pipe.base}${fs}/events`,
      from: 'oldest',
      delayMs: quick,
    })) {
      seen.push(event);
      if (seen.length % 37 === 0) {
        pipe.cut();
        cuts += 1;
      }
      if (cuts === 20) break;
    }
    going = false;
    await load;
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, i) => i + 1));
  });

  it('is filtered, typed, and ends with its signal', async () => {
    const { base, service: running } = await world();
    const abort = new AbortController();
    const names: string[] = [];
    const reading = (async () => {
      const filter = { types: ['pinhole.file.created'] };
      for await (const event of events({
        url: `${base}/v1/events`,
        from: 'oldest',
        filter,
        signal: abort.signal,
      })) {
        if (event.type === 'pinhole.file.created') names.push(`${event.subject} ${event.data.ino}`);
        if (names.length === 2) abort.abort();
      }
    })();
    for (const name of ['a', 'b'])
      await must(running, 201, 'POST', `${fs}/files`, { json: { name } });
    await reading;
    expect(names).toEqual(['files/a 2', 'files/b 3']);
  });

  it('does not read further for a client that does not take answers', async () => {
    const { base, tick } = await world({ ringEventsMax: 100_000 });
    const stream = events({ url: `${base}${fs}/events`, from: 'oldest' });
    const first = await stream.next();
    expect(first.value?.seq).toBe(1);
    for (let i = 0; i < 500; i += 1) await tick();
    const rest = await take(500, stream);
    expect(rest.map(({ seq }) => seq)).toEqual(rest.map((_, i) => i + 2));
  });

  it('4410: ends with the gap, or continues after it', async () => {
    const { base, tick, service: running } = await world({ ringEventsMax: 16 });
    for (let i = 0; i < 40; i += 1) await tick();
    const epoch = running.context.engine.find('default', 'scratch')?.ring.epoch;
    const options = { url: `${base}${fs}/events`, from: `${epoch}.3`, delayMs: quick };
    await expect(take(1, events(options))).rejects.toEqual(
      new StreamGap(`${epoch}.3`, `${epoch}.25`),
    );
    const [event] = await take(1, events({ ...options, onGap: 'continue' }));
    expect(event?.seq).toBe(26);
  });

  it('is refused for good by 4404, by 404 and by 401', async () => {
    const { base, service: running } = await world();
    const gone = take(9, events({ url: `${base}${fs}/events`, from: 'oldest', delayMs: quick }));
    const caught = gone.catch((error: unknown) => error);
    await must(running, 200, 'DELETE', fs);
    const refused = (await caught) as StreamRefused;
    expect(refused).toBeInstanceOf(StreamRefused);
    expect([404, 4404]).toContain(refused.code);
    await expect(take(1, events({ url: `${base}${fs}/events` }))).rejects.toMatchObject({
      code: 404,
    });
    await expect(
      take(1, events({ url: `${base}/v1/events`, token: 'ph_x' })),
    ).rejects.toMatchObject({ code: 401 });
  });
});

/** A server that closes each connection as it is told, and keeps what was asked and when. */
async function script(
  ...codes: number[]
): Promise<{ url: string; asked: { from: string; at: number }[] }> {
  const asked: { from: string; at: number }[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  other = server;
  server.on('connection', (socket: WebSocket) => {
    socket.on('message', (data) => {
      const { from } = JSON.parse(String(data)) as { from: string };
      asked.push({ from, at: performance.now() });
      const seq = asked.length;
      socket.send(
        JSON.stringify({
          type: 'event',
          id: 'events',
          cursor: `e.${seq}`,
          events: [{ id: `e.${seq}`, seq }],
        }),
      );
      const code = codes[seq - 1];
      if (code !== undefined) socket.close(code);
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

describe('a close code', () => {
  it.each([1001, 1006, 1011, 1012, 1013, 4408, 4413, 4429].filter((code) => code !== 1006))(
    '%i: reconnects with the cursor',
    async (code) => {
      const { url, asked } = await script(code, code);
      const taken = await take(3, events({ url, from: 'oldest', delayMs: quick }));
      expect(taken.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(asked.map(({ from }) => from)).toEqual(['oldest', 'e.1', 'e.2']);
    },
  );

  it.each([1008, 4400, 4401, 4403, 4404])('%i: does not come back', async (code) => {
    const { url, asked } = await script(code);
    await expect(take(2, events({ url, delayMs: quick }))).rejects.toMatchObject({
      name: 'StreamRefused',
      code,
    });
    expect(asked).toHaveLength(1);
  });

  it('1013 waits longer than 1012, and no two waits are the same', async () => {
    const waits = async (code: number) => {
      const { url, asked } = await script(...Array.from({ length: 8 }, () => code));
      await take(9, events({ url, delayMs: { min: 1, max: 200 } }));
      other?.close();
      return asked.slice(1).map(({ at }, i) => at - (asked[i]?.at ?? 0));
    };
    const total = (all: number[]) => all.reduce((sum, one) => sum + one, 0);
    const [restart, busy] = [await waits(1012), await waits(1013)];
    expect(total(busy)).toBeGreaterThan(total(restart) + 100);
    expect(Math.max(...busy) - Math.min(...busy)).toBeGreaterThan(5);
  });
});

describe('the REST client', () => {
  it('is typed by the document and gives problems as errors', async () => {
    const { base } = await world();
    const api = restClient({ baseUrl: base });
    const made = await api.POST('/v1/filesystems/{fs}/files', {
      params: { path: { fs: 'scratch' } },
      body: { name: 'a', sizeBytes: 4096 },
    });
    expect(made.data?.sizeBytes).toBe(4096);
    const missing = await api.GET('/v1/filesystems/{fs}', { params: { path: { fs: 'other' } } });
    expect(missing.error).toMatchObject({ errno: 'ENOENT', status: 404 });
  });
});

describe('the stream of a tenant', () => {
  it('names the filesystem that stopped, and goes on', async () => {
    const { service, base } = await world();
    const heard: string[] = [];
    const stream = events({
      url: `${base}/v1/events`,
      from: 'oldest',
      onStopped: (name) => heard.push(name),
    });
    const { engine } = service;
    const scratch = engine.find('default', 'scratch') as NonNullable<
      ReturnType<typeof engine.find>
    >;
    await expect(scratch.submit({ op: 'no-such-operation', on: {}, args: {} })).rejects.toThrow();
    const both = take(2, stream);
    await expect.poll(() => heard).toEqual(['scratch']);
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { ...manual.json, name: 'other' },
    });
    expect((await both).map(({ source }) => source)).toEqual([
      '/v1/filesystems/scratch',
      '/v1/filesystems/other',
    ]);
  });
});
