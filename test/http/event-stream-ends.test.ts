// How an event stream ends or is refused: every close code and every status.
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Config } from '../../src/config.ts';
import { disconnectReasons } from '../../src/http/stream/messages.ts';
import { fs, must, type Service, start } from './start.ts';
import { listen, open, refused } from './stream-reader.ts';

let service: Service;
let base: string;
afterEach(() => service.close());

async function world(config: Partial<Config> = {}): Promise<void> {
  service = await start(config);
  base = await listen(service);
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' },
  });
}

const events = `${fs}/events`;
/** How long a stop may wait for requests: what ends well before that has not waited for it. */
const patientMs = 60_000;
const tick = () => must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
/** Samples of a metric, by the value of their label. */
async function metric(name: string): Promise<Record<string, number>> {
  const { text } = await must(service, 200, 'GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return Object.fromEntries(
    lines.map((line) => [/"(.*)"/.exec(line)?.[1] ?? '', Number(line.split(' ')[1])]),
  );
}
/** Those that were. */
const ended = async () => {
  const reasons = Object.entries(await metric('pinhole_stream_disconnects_total'));
  expect(reasons).toHaveLength(disconnectReasons.length);
  return Object.fromEntries(reasons.filter(([, count]) => count > 0));
};
const clients = async () => (await metric('pinhole_stream_clients'))[''];

async function tenant(
  scopes: string[] = ['read', 'write'],
): Promise<{ token: string; id: string }> {
  await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
  return (await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes } })).json;
}

describe('4400', () => {
  const bad: Record<string, string | Buffer> = {
    'not JSON': '{"type":',
    binary: Buffer.from('{"type":"ping"}'),
    'not an object': '[]',
    'no type': '{}',
    'an unknown type': '{"type":"pin"}',
    'an unknown field': '{"type":"ping","colour":"red"}',
    'no id': '{"type":"subscribe"}',
    'a cursor that is none': '{"type":"subscribe","id":"a","from":"yesterday"}',
    'an unknown event type':
      '{"type":"subscribe","id":"a","filter":{"types":["pinhole.page.burnt"]}}',
    'an unknown field of a filter': '{"type":"subscribe","id":"a","filter":{"pfn":1}}',
    'a range without a file':
      '{"type":"subscribe","id":"a","filter":{"range":{"offset":0,"length":1}}}',
    'a negative range':
      '{"type":"subscribe","id":"a","filter":{"file":"a","range":{"offset":-1,"length":1}}}',
    'a subscription that exists': '{"type":"subscribe","id":"query"}',
    'an end of what never began': '{"type":"unsubscribe","id":"b"}',
  };
  for (const [name, message] of Object.entries(bad)) {
    it(`after ${name}, and a problem before it`, async () => {
      await world();
      const reader = await open(base, `${events}?from=now`);
      reader.socket.send(message);
      expect((await reader.closed).code).toBe(4400);
      expect(reader.frames.at(-1)).toMatchObject({
        type: 'error',
        problem: { type: '/v1/problems/bad-message', status: 400 },
      });
      await expect.poll(ended).toEqual({ 'bad-message': 1 });
    });
  }
});

describe('4410', () => {
  it('after a gap message with the oldest cursor, when the cursor is too old', async () => {
    await world({ ringEventsMax: 16 });
    for (let i = 0; i < 40; i += 1) await tick();
    const { ring } = service.context.engine.find('default', 'scratch') ?? {};
    const reader = await open(base, `${events}?from=${ring?.epoch}.3`);
    expect((await reader.closed).code).toBe(4410);
    const [gap] = reader.frames;
    expect(gap).toEqual({
      type: 'gap',
      id: 'query',
      oldest: `${ring?.epoch}.${(ring?.oldestSeq ?? 0) - 1}`,
    });
    const again = await open(base, `${events}?from=${gap?.oldest}`);
    await again.until(() => again.events().length === 16);
    await again.close();
    await expect.poll(ended).toEqual({ gap: 1, client: 1 });
  });

  it('for a cursor of another history, and for one of the future', async () => {
    await world();
    const { ring } = service.context.engine.find('default', 'scratch') ?? {};
    for (const cursor of ['0123456789abcdef.1', `${ring?.epoch}.99`]) {
      const reader = await open(base, events);
      reader.say({ type: 'subscribe', id: 'a', from: cursor });
      expect((await reader.closed).code).toBe(4410);
      expect(reader.frames).toEqual([{ type: 'gap', id: 'a', oldest: `${ring?.epoch}.0` }]);
    }
  });

  it('for an up-to-date reader, when one command has more events than the log can store', async () => {
    await world({ ringEventsMax: 16 });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: 131_072 } });
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { offset: 0, length: 131_072, access: 'read' },
    });
    const reader = await open(base, `${events}?from=now`);
    await reader.frame('ack');
    await must(service, 200, 'POST', `${fs}/mappings/map_1/faults`, {
      json: { offset: 0, length: 131_072, access: 'read' },
    });
    expect((await reader.closed).code).toBe(4410);
    expect(reader.frames.at(-1)?.type).toBe('gap');
  });
});

describe('the other codes', () => {
  it.each([1000, 1001])(
    '%i: the reader closes, and the server answers with the same code',
    async (code) => {
      await world();
      const reader = await open(base, `${events}?from=now`);
      reader.socket.close(code);
      expect((await reader.closed).code).toBe(code);
      await expect.poll(ended).toEqual({ client: 1 });
    },
  );

  it('1008: more messages in a second than one connection may send', async () => {
    await world({ streamMessagesPerSecondMax: 5 });
    const reader = await open(base, events);
    for (let i = 0; i < 20; i += 1) reader.say({ type: 'ping' });
    expect((await reader.closed).code).toBe(1008);
    expect(reader.frames.at(-1)).toMatchObject({
      type: 'error',
      problem: { status: 429, limit: 5 },
    });
    await expect.poll(ended).toEqual({ policy: 1 });
  });

  it('1013: all streams together have as many subscriptions as they may have', async () => {
    await world({ streamReadersMax: 2 });
    const first = await open(base, `${events}?from=now`);
    await first.frame('ack');
    first.say({ type: 'subscribe', id: 'b' });
    await first.frame('ack', 'b');
    const second = await open(base, `${events}?from=now`);
    expect((await second.closed).code).toBe(1013);
    expect(second.frames.at(-1)).toMatchObject({ type: 'error', problem: { status: 429 } });
    first.say({ type: 'unsubscribe', id: 'b' });
    await first.until(() => first.frames.filter(({ id }) => id === 'b').length === 2);
    const third = await open(base, `${events}?from=now`);
    await third.frame('ack');
    await first.close();
    await expect.poll(clients).toBe(1);
    const fourth = await open(base, `${events}?from=now`);
    await fourth.frame('ack');
    await Promise.all([third.close(), fourth.close()]);
  });

  it('1009: a message that is too large', async () => {
    await world({ streamMessageBytesMax: 128 });
    const reader = await open(base, events);
    reader.socket.on('error', () => {});
    reader.say({ type: 'ping', id: 'x'.repeat(200) });
    expect((await reader.closed).code).toBe(1009);
    await expect.poll(ended).toEqual({ 'message-too-large': 1 });
  });

  // A text frame without a mask; one with a mask of zeros, and a byte that no text has.
  it.each([
    [1002, [0x81, 0x01, 0x7b]],
    [1007, [0x81, 0x81, 0, 0, 0, 0, 0xff]],
  ])('%i: a frame that breaks the protocol', async (code, frame) => {
    await world();
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    const key = Buffer.alloc(16).toString('base64');
    socket.write(
      `GET ${events} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    const bytes: Buffer[] = [];
    const over = new Promise((resolve) => socket.on('end', resolve));
    socket.on('data', (chunk) => {
      if (bytes.length === 0) socket.write(Buffer.from(frame));
      bytes.push(chunk);
    });
    await over;
    const all = Buffer.concat(bytes);
    expect(all.readUInt16BE(all.lastIndexOf(0x88) + 2)).toBe(code);
    socket.destroy();
    await expect.poll(ended).toEqual({ 'protocol-error': 1 });
  });

  it('1012: the server stops', async () => {
    await world({ drainMs: patientMs });
    const reader = await open(base, `${events}?from=now`);
    await reader.frame('ack');
    const begin = performance.now();
    await service.close();
    expect(await reader.closed).toEqual({ code: 1012, reason: 'restart' });
    expect(performance.now() - begin).toBeLessThan(patientMs / 2);
  });

  it('1012 does not wait for ever for a client that does not answer', async () => {
    await world({ drainMs: patientMs });
    const reader = await open(base, `${events}?from=now`);
    reader.socket.pause();
    const begin = performance.now();
    await service.close();
    expect(performance.now() - begin).toBeLessThan(patientMs / 2);
    reader.socket.resume();
    expect((await reader.closed).code).toBe(1012);
  });

  it('4401: the token is revoked', async () => {
    await world({ streamHeartbeatMs: 20 });
    const { token, id } = await tenant();
    const reader = await open(base, '/v1/events?from=now', { token });
    await reader.frame('ack');
    await must(service, 200, 'DELETE', `/v1/tenants/team-a/tokens/${id}`);
    expect((await reader.closed).code).toBe(4401);
    expect(reader.frames.at(-1)?.problem?.status).toBe(401);
  });

  it('4401 before the next event, whenever the next heartbeat is', async () => {
    await world({ streamHeartbeatMs: 600_000 });
    const { token, id } = await tenant();
    const other = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['write'] } })
    ).json;
    const reader = await open(base, '/v1/events?from=now', { token });
    await reader.frame('ack');
    await must(service, 200, 'DELETE', `/v1/tenants/team-a/tokens/${id}`);
    const headers = { authorization: `Bearer ${other.token}` };
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'theirs', sizeBytes: 65_536 },
      headers,
    });
    expect((await reader.closed).code).toBe(4401);
    expect(reader.types()).toEqual([]);
  });

  it('4404: the filesystem is removed, after everything that happened to it', async () => {
    await world();
    const reader = await open(base, `${events}?from=now`);
    const idle = await open(base, events);
    await reader.frame('ack');
    await must(service, 200, 'DELETE', fs);
    expect((await reader.closed).code).toBe(4404);
    expect(reader.types()).toEqual(['pinhole.filesystem.unmounted']);
    expect((await idle.closed).code).toBe(4404);
  });

  it('4404: the tenant is removed', async () => {
    await world();
    const { token } = await tenant();
    const reader = await open(base, '/v1/events?from=now', { token });
    await reader.frame('ack');
    await must(service, 200, 'DELETE', '/v1/tenants/team-a');
    expect((await reader.closed).code).toBe(4404);
  });

  it('4408: two pings without an answer', async () => {
    await world({ streamHeartbeatMs: 30 });
    const begin = performance.now();
    const quiet = await open(base, `${events}?from=now`, { autoPong: false });
    const lively = await open(base, `${events}?from=now`);
    expect((await quiet.closed).code).toBe(4408);
    expect(performance.now() - begin).toBeGreaterThan(60);
    await lively.until(() => lively.frames.filter(({ type }) => type === 'bookmark').length > 5);
    expect(await clients()).toBe(1);
    await lively.close();
  });

  it('4429: too many subscriptions', async () => {
    await world({ streamSubscriptionsMax: 3 });
    const reader = await open(base, events);
    for (const id of ['a', 'b', 'c', 'd']) reader.say({ type: 'subscribe', id });
    expect((await reader.closed).code).toBe(4429);
    expect(reader.frames.at(-1)).toMatchObject({
      type: 'error',
      id: 'd',
      problem: { status: 429, limit: 3 },
    });
  });
});

describe('a subprotocol', () => {
  const connectAs = (protocols: string[]) =>
    new Promise<WebSocket>((resolve, reject) => {
      const socket = new WebSocket(`${base.replace('http', 'ws')}${events}?from=oldest`, protocols);
      socket.once('message', () => resolve(socket));
      socket.once('error', reject);
    });

  it('is the first of the client that the server has', async () => {
    await world();
    for (const [offered, chosen] of [
      [['x', 'pinhole.events.v1+json', 'cloudevents.json'], 'pinhole.events.v1+json'],
      [['cloudevents.json', 'pinhole.events.v1+json'], 'cloudevents.json'],
      [[], ''],
    ] as const) {
      const socket = await connectAs([...offered]);
      expect(socket.protocol).toBe(chosen);
      socket.close();
    }
    await expect(connectAs(['mqtt'])).rejects.toThrow('no subprotocol');
  });

  it('cloudevents.json: each message is one CloudEvent', async () => {
    await world();
    await tick();
    const socket = new WebSocket(
      `${base.replace('http', 'ws')}${events}?from=oldest`,
      'cloudevents.json',
    );
    const messages: Record<string, unknown>[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    await expect.poll(() => messages.length).toBe(3);
    for (const message of messages)
      expect(message).toMatchObject({ specversion: '1.0', datacontenttype: 'application/json' });
    expect(messages.map(({ type }) => type)).toEqual([
      'pinhole.stream.ack',
      'pinhole.filesystem.created',
      'pinhole.clock.advanced',
    ]);
    expect(messages.map(({ subscription }) => subscription)).toEqual([undefined, 'query', 'query']);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
    socket.close();
  });
});

describe('an upgrade to something else', () => {
  /** All that comes back for these bytes. */
  async function talk(...parts: (string | Buffer)[]): Promise<string> {
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    for (const part of parts) {
      socket.write(part);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  }
  const h2c =
    'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n';
  const last = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

  it('is ignored: the request is answered, and the next ones on the connection', async () => {
    await world();
    const text = await talk(
      `GET /v1 HTTP/1.1\r\n${h2c}\r\n`,
      `GET ${events} HTTP/1.1\r\n${h2c}\r\n`,
      last,
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200']);
  });

  it('keeps its body, whole or in pieces, and the bytes of its headers', async () => {
    await world();
    const body = JSON.stringify({ name: 'b' });
    const post = `POST ${fs}/files HTTP/1.1\r\n${h2c}Content-Type: application/json\r\nPinhole-Owner: \xe9\r\nContent-Length: ${body.length}\r\n\r\n`;
    const text = await talk(
      Buffer.from(`${post}${body.slice(0, 5)}`, 'latin1'),
      body.slice(5),
      last,
    );
    expect(text).toContain('HTTP/1.1 201');
    expect(text).toContain('"name":"b"');
    const again = await talk(
      Buffer.from(`${post.replace(/\r\n\r\n$/, '\r\nExpect: 100-continue\r\n\r\n')}`, 'latin1'),
      body,
      last,
    );
    expect(again.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 100',
      'HTTP/1.1 409',
      'HTTP/1.1 200',
    ]);
  });

  it('does not hold up a stop', async () => {
    await world({ drainMs: patientMs });
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    socket.write(`GET /v1 HTTP/1.1\r\n${h2c}\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    const begin = performance.now();
    await service.close();
    expect(performance.now() - begin).toBeLessThan(patientMs / 2);
    socket.destroy();
  });
});

describe('before the upgrade', () => {
  const problem = (type: string) => `/v1/problems/${type}`;

  it('404 without the filesystem, 400 for a query that says nothing', async () => {
    await world();
    expect(await refused(base, '/v1/filesystems/other/events')).toEqual({
      status: 404,
      type: problem('enoent'),
    });
    const bad = [
      'from=yesterday',
      'types=burnt',
      'colour=red',
      'offset=0',
      'file=a&offset=0',
      'file=a&offset=0&length=-1',
    ];
    for (const query of bad)
      expect(await refused(base, `${events}?${query}`)).toMatchObject({ status: 400 });
    await must(service, 400, 'GET', `${events}?colour=red`);
  });

  it('401 without a good token, 403 without the scope, 404 for what is another tenant’s', async () => {
    await world();
    const { token } = await tenant(['write']);
    expect(await refused(base, events, { token: 'ph_x' })).toEqual({
      status: 401,
      type: problem('unauthorized'),
    });
    expect(await refused(base, events, { token })).toEqual({
      status: 403,
      type: problem('missing-scope'),
    });
    const { token: reading } = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: {} })
    ).json;
    expect(await refused(base, events, { token: reading })).toEqual({
      status: 404,
      type: problem('enoent'),
    });
  });

  it('403 for a page of another origin, with a token too', async () => {
    await world({ allowedOrigins: ['https://good.example'] });
    const { token } = await tenant();
    const from = (origin: string) => ({ headers: { origin } });
    expect(await refused(base, events, from('https://evil.example'))).toEqual({
      status: 403,
      type: problem('forbidden-origin'),
    });
    expect(
      await refused(base, '/v1/events', { token, ...from('https://evil.example') }),
    ).toMatchObject({ status: 403 });
    await (await open(base, events, from('https://good.example'))).close();
    await (await open(base, events, from(base))).close();
  });

  it('426 for a GET that accepts no kind of stream', async () => {
    await world();
    for (const accept of ['application/json', 'text/html', '*/*;q=0']) {
      const { headers, json } = await must(service, 426, 'GET', events, { headers: { accept } });
      expect(headers).toMatchObject({ upgrade: 'websocket', connection: 'upgrade' });
      expect(json.type).toBe(problem('upgrade-required'));
    }
  });

  it('429 when the server or the tenant has as many streams as it may have', async () => {
    await world({ streamClientsMax: 3, streamClientsPerTenantMax: 2 });
    const { token } = await tenant();
    const readers = [await open(base, events), await open(base, events)];
    expect(await refused(base, events)).toEqual({ status: 429, type: problem('too-many-streams') });
    readers.push(await open(base, '/v1/events', { token }));
    expect(await refused(base, '/v1/events', { token })).toMatchObject({ status: 429 });
    await readers[0]?.close();
    await expect.poll(clients).toBe(2);
    readers.push(await open(base, events));
    await Promise.all(readers.map((reader) => reader.close()));
  });
});
