// Server-sent events and lines of JSON: what is special to each of them.
import { type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { fs, must, type Service, start } from './start.ts';
import { listen, type StreamFrame } from './stream-reader.ts';
import { serverSentEvent } from './transports.ts';

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
const tick = () => must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
const epoch = () => service.context.engine.find('default', 'scratch')?.ring.epoch;
const cursor = (seq: number) => `${epoch()}.${seq}`;

const lines = { accept: 'application/x-ndjson' };
const parsed = (text: string): StreamFrame[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StreamFrame);
const poll = async (query = '', headers: Record<string, string> = {}) => {
  const answer = await must(service, 200, 'GET', `${events}${query}`, {
    headers: { ...lines, ...headers },
  });
  return { answer, messages: parsed(answer.text) };
};

describe('lines of JSON', () => {
  it('without wait are what is there, and a bookmark behind it', async () => {
    await world();
    for (let i = 0; i < 3; i += 1) await tick();
    const { answer, messages } = await poll();
    expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(messages.map(({ type }) => type)).toEqual(['ack', 'event', 'bookmark']);
    expect(messages[1]?.events?.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(messages[2]).toEqual({ type: 'bookmark', id: 'query', cursor: cursor(4) });
    const nothing = await poll(`?from=${cursor(4)}`);
    expect(nothing.messages.map(({ type }) => type)).toEqual(['ack', 'bookmark']);
  });

  it('with wait come when there is something to show, and not before', async () => {
    await world();
    const asked = poll(`?from=now&types=pinhole.file.created`, { prefer: 'wait=20' });
    await expect
      .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
      .toContain('pinhole_stream_subscriptions 1\n');
    await tick();
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    const { answer, messages } = await asked;
    expect(answer.headers['preference-applied']).toBe('wait=20');
    expect(
      messages.flatMap(({ events: shown = [] }) => shown).map(({ subject }) => subject),
    ).toEqual(['files/a']);
    expect(messages.at(-1)).toEqual({ type: 'bookmark', id: 'query', cursor: cursor(3) });
  });

  it('with wait end after that time with a bookmark', async () => {
    await world();
    const begin = performance.now();
    const { messages } = await poll(`?from=now`, { prefer: 'wait=1' });
    expect(performance.now() - begin).toBeGreaterThan(950);
    expect(messages.map(({ type }) => type)).toEqual(['ack', 'bookmark']);
  });

  it('are 410 with the oldest cursor where the cursor is not kept', async () => {
    await world({ ringEventsMax: 16 });
    for (let i = 0; i < 40; i += 1) await tick();
    for (const from of [cursor(3), '0123456789abcdef.1']) {
      const { json } = await must(service, 410, 'GET', `${events}?from=${from}`, {
        headers: lines,
      });
      expect(json).toMatchObject({ type: '/v1/problems/gap', oldest: cursor(25) });
      const { messages } = await poll(`?from=${json.oldest}`);
      expect(messages[1]?.events).toHaveLength(16);
    }
  });

  it('end with the last event when the filesystem is removed', async () => {
    await world();
    const asked = poll(`?from=now`, { prefer: 'wait=20' });
    await expect
      .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
      .toContain('pinhole_stream_subscriptions 1\n');
    await must(service, 200, 'DELETE', fs);
    expect(
      (await asked).messages.flatMap(({ events: shown = [] }) => shown).map(({ type }) => type),
    ).toEqual(['pinhole.filesystem.unmounted']);
  });

  it('say that the server stops', async () => {
    await world();
    const answer = fetch(`${base}${events}?from=now`, { headers: { ...lines, prefer: 'wait=30' } });
    await expect
      .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
      .toContain('pinhole_stream_subscriptions 1\n');
    await service.close();
    expect(parsed(await (await answer).text()).at(-1)).toEqual({
      type: 'close',
      code: 1012,
      reason: 'restart',
    });
  });

  it('refuse a malformed Prefer and a malformed Last-Event-ID', async () => {
    await world();
    await must(service, 400, 'GET', events, { headers: { ...lines, prefer: 'wait=soon' } });
    await must(service, 400, 'GET', events, {
      headers: { ...lines, 'last-event-id': 'yesterday' },
    });
    await must(service, 400, 'GET', `${events}?colour=red`, { headers: lines });
  });
});

/** The text of an event stream, until `enough` holds of it or it ends. */
function serverSent(
  path: string,
  headers: Record<string, string>,
  enough: (text: string) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${base}${path}`,
      { headers: { accept: 'text/event-stream', ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
          if (!enough(text)) return;
          asked.destroy();
          resolve(text);
        });
        response.on('end', () => resolve(text));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
const told = (text: string) => text.split('\n\n').flatMap((piece) => serverSentEvent(piece) ?? []);

describe('server-sent events', () => {
  it('carry the cursor as their id, and say how soon to come back', async () => {
    await world();
    await tick();
    const text = await serverSent(`${events}?from=oldest`, {}, (all) =>
      told(all).some(({ event }) => event === 'message'),
    );
    expect(text).toMatch(/^retry: [12]\d\d\d\n\n/);
    const [ack, message] = told(text);
    expect(ack).toMatchObject({ event: 'ack', id: cursor(0), data: { type: 'ack' } });
    expect(message).toMatchObject({
      event: 'message',
      id: cursor(2),
      data: { type: 'event', cursor: cursor(2) },
    });
    expect(message?.data.events?.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('continue after Last-Event-ID, whatever the URL says', async () => {
    await world();
    for (let i = 0; i < 5; i += 1) await tick();
    const text = await serverSent(`${events}?from=oldest`, { 'last-event-id': cursor(4) }, (all) =>
      all.includes('data: {"type":"event"'),
    );
    expect(
      told(text)
        .find(({ event }) => event === 'message')
        ?.data.events?.map(({ seq }) => seq),
    ).toEqual([5, 6]);
  });

  it('beat with a comment, and with a bookmark', async () => {
    await world({ streamHeartbeatMs: 20 });
    const text = await serverSent(
      events,
      {},
      (all) => all.includes('\n\n:\n\n') && all.includes('event: bookmark'),
    );
    expect(told(text).find(({ event }) => event === 'bookmark')?.id).toBe(cursor(1));
  });

  it('tell a gap, and with its id the browser goes on', async () => {
    await world({ ringEventsMax: 16 });
    for (let i = 0; i < 40; i += 1) await tick();
    const text = await serverSent(`${events}?from=${cursor(3)}`, {}, () => false);
    const [gap, close] = told(text);
    expect(gap).toEqual({
      event: 'gap',
      id: cursor(25),
      data: { type: 'gap', id: 'query', oldest: cursor(25) },
    });
    expect(close).toEqual({
      event: 'close',
      id: undefined,
      data: { type: 'close', code: 4410, reason: 'gap' },
    });
    const again = await serverSent(
      `${events}?from=${cursor(3)}`,
      { 'last-event-id': gap?.id ?? '' },
      (all) => all.includes('"type":"event"'),
    );
    expect(told(again).find(({ event }) => event === 'message')?.data.events).toHaveLength(16);
  });

  it('end with a reason: a stop, a removed filesystem, a revoked token', async () => {
    await world({ streamHeartbeatMs: 20 });
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
    const { token, id } = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: {} })
    ).json;
    const subscribed = (count: number) =>
      expect
        .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
        .toContain(`pinhole_stream_subscriptions ${count}\n`);
    const revoked = serverSent('/v1/events', { authorization: `Bearer ${token}` }, () => false);
    const stopped = serverSent('/v1/events', {}, () => false);
    const gone = serverSent(events, {}, () => false);
    await subscribed(3);
    await must(service, 200, 'DELETE', `/v1/tenants/team-a/tokens/${id}`);
    await must(service, 200, 'DELETE', fs);
    const codes = async (text: Promise<string>) => (await text).match(/"code":\d+/g);
    expect(await codes(revoked)).toEqual(['"code":4401']);
    expect(await codes(gone)).toEqual(['"code":4404']);
    await subscribed(1);
    await service.close();
    expect(await codes(stopped)).toEqual(['"code":1012']);
  });

  it('to a reader who does not read are left in the log, and end with 4413', async () => {
    await world({ ringEventsMax: 8192, streamBufferBytesMax: 1024 });
    const pages = 2000;
    const range = { offset: 0, length: pages * 4096 };
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'big', sizeBytes: 16 * 1024 * 1024 },
    });
    await must(service, 201, 'POST', '/v1/filesystems/big/files', {
      json: { name: 'a', sizeBytes: pages * 4096 },
    });
    const response = await new Promise<IncomingMessage>((resolve) => {
      request(
        `${base}/v1/filesystems/big/events`,
        { headers: { accept: 'text/event-stream' } },
        resolve,
      ).end();
    });
    response.pause();
    const ended = async () =>
      (await must(service, 200, 'GET', '/metrics')).text.includes(
        'pinhole_stream_subscriptions 0\n',
      );
    // More than the buffers of the two sockets take.
    for (let round = 0; round < 200 && !(await slow()); round += 1) {
      const { id } = (
        await must(service, 201, 'POST', '/v1/filesystems/big/files/a/mappings', {
          json: { ...range, access: 'read' },
        })
      ).json;
      await must(service, 200, 'POST', `/v1/filesystems/big/mappings/${id}/faults`, {
        json: { ...range, access: 'read' },
      });
      await must(service, 200, 'DELETE', `/v1/filesystems/big/mappings/${id}`);
    }
    async function slow(): Promise<boolean> {
      const { text } = await must(service, 200, 'GET', '/metrics');
      return Number(/pinhole_stream_lag_events (\d+)/.exec(text)?.[1]) > 8192;
    }
    let text = '';
    for await (const chunk of response) text += String(chunk);
    expect(text).toContain('{"type":"close","code":4413,"reason":"slow-reader"}');
    await expect.poll(ended).toBe(true);
    expect((await must(service, 200, 'GET', '/metrics')).text).toContain(
      'disconnects_total{reason="slow-reader"} 1\n',
    );
  }, 60_000);
});

describe('Accept', () => {
  const sse = 'text/event-stream';
  const ndjson = 'application/x-ndjson';
  const refused = 'application/problem+json';
  it.each([
    ['*/*', ndjson],
    ['text/html, application/xhtml+xml, */*;q=0.8', ndjson],
    ['application/json', refused],
    [`${sse};q=0, ${ndjson};q=0.0`, refused],
    [`${sse};q=0, */*`, ndjson],
    [`${sse}, */*;q=0.1`, sse],
    [`${sse};q=0.5, */*;q=0.1`, sse],
    ['Text/Event-Stream; Charset=UTF-8', sse],
    [`${sse}; charset=latin1`, refused],
    [`${sse}, ${ndjson}`, sse],
    [`${ndjson}, ${sse}`, ndjson],
    [`${ndjson};q=0.2, ${sse};q=0.9`, sse],
    [`${sse};q=0.2, ${ndjson};q=0.9`, ndjson],
    ['text/*', sse],
    [`text/*, ${sse};q=0`, refused],
    [`text/*;q=0.1, ${ndjson}`, ndjson],
    ['application/*', ndjson],
  ])('%s: %s', async (accept, type) => {
    await world();
    const answer = await new Promise<IncomingMessage>((resolve) => {
      request(`${base}${events}`, { headers: { accept } }, resolve).end();
    });
    answer.destroy();
    expect(answer.headers['content-type']?.split(';')[0]).toBe(type);
    expect(answer.statusCode).toBe(type === refused ? 426 : 200);
  });
});
