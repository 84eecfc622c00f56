// A filesystem that stopped because a law broke: its readers get all its events, and then a message
// that it has stopped.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { durable, freshFolder } from '../journal/kept.ts';
import { fs, must, type Service } from './start.ts';
import { listen, open, type StreamFrame } from './stream-reader.ts';

let service: Service;
let base: string;
let folder: string;
const events = `${fs}/events`;
beforeEach(async () => {
  folder = freshFolder();
  service = await durable(folder);
  base = await listen(service);
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
});
afterEach(() => service.close());

const hosted = () =>
  service.engine.find('default', 'scratch') as NonNullable<ReturnType<typeof service.engine.find>>;

/** The journal takes the command; the kernel does not know what it is. */
async function breakLaw(): Promise<void> {
  await expect(
    hosted().submit({ op: 'no-such-operation', on: {}, args: {} }),
  ).rejects.toMatchObject({
    kind: 'filesystem-stopped',
  });
}

const stopped = {
  type: 'error',
  problem: { type: expect.stringContaining('filesystem-stopped'), status: 500 },
};
const subscribed = (count: number) =>
  expect
    .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
    .toContain(`pinhole_stream_subscriptions ${count}\n`);

async function lines(
  query: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; messages: StreamFrame[] }> {
  const answer = await fetch(`${base}${events}${query}`, {
    headers: { accept: 'application/x-ndjson', ...headers },
  });
  const text = (await answer.text()).trim().split('\n');
  return { status: answer.status, messages: text.map((line) => JSON.parse(line)) };
}

describe('the readers of a filesystem that stops', () => {
  it('1013: on a WebSocket, after a problem, with a subscription or without', async () => {
    const reader = await open(base, `${events}?from=now`);
    const idle = await open(base, events);
    await reader.frame('ack');
    const before = hosted().ring.nextSeq - 1;
    await breakLaw();
    expect(await reader.closed).toEqual({ code: 1013, reason: 'stopped' });
    expect(reader.frames.at(-1)).toMatchObject(stopped);
    expect((await idle.closed).code).toBe(1013);
    expect(hosted().ring.nextSeq - 1).toBe(before);
    await expect
      .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
      .toContain('pinhole_stream_disconnects_total{reason="stopped"} 2\n');
  });

  it('as server-sent events: the problem, then the close with its code', async () => {
    const text = fetch(`${base}${events}?from=oldest`, {
      headers: { accept: 'text/event-stream' },
    }).then((answer) => answer.text());
    await subscribed(1);
    await breakLaw();
    expect(await text).toMatch(
      /file\.created[\s\S]*event: error\n[\s\S]*event: close\ndata: {"type":"close","code":1013/,
    );
  });

  it('as lines: a poll that waits ends, and the next one is refused', async () => {
    const asked = lines('?from=now', { prefer: 'wait=20' });
    await subscribed(1);
    await breakLaw();
    const { status, messages } = await asked;
    expect(status).toBe(200);
    const { cursor } = messages.at(-1) as StreamFrame;
    expect(messages.at(-1)).toMatchObject({ type: 'bookmark' });
    const next = await lines(`?from=${cursor}`, { prefer: 'wait=20' });
    expect(next).toMatchObject({
      status: 500,
      messages: [{ type: expect.stringContaining('filesystem-stopped') }],
    });
  });

  it('who come later get what there was, and then the same', async () => {
    await breakLaw();
    const reader = await open(base, `${events}?from=oldest`);
    expect((await reader.closed).code).toBe(1013);
    expect(reader.types()).toContain('pinhole.file.created');
    expect(reader.frames.at(-1)).toMatchObject(stopped);
    const { status, messages } = await lines('');
    expect(status).toBe(200);
    expect(messages.flatMap(({ events: shown = [] }) => shown.map(({ type }) => type))).toContain(
      'pinhole.file.created',
    );
    const silent = await open(base, events);
    silent.say({ type: 'subscribe', id: 'a', from: 'oldest' });
    expect((await silent.closed).code).toBe(1013);
    expect(silent.types('a')).toContain('pinhole.file.created');
  });

  it('of the tenant are told which one, behind its last event, and read on, as the other filesystems do', async () => {
    const reader = await open(base, '/v1/events?from=oldest');
    const other = await open(base, '/v1/events?from=now&types=pinhole.clock.*');
    for (const one of [reader, other]) await one.frame('ack');
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'last' } });
    await breakLaw();
    const cursor = reader.events().at(-1)?.id ?? '';
    for (const one of [reader, other]) {
      const problem = { type: expect.stringContaining('filesystem-stopped'), status: 500 };
      expect(await one.frame('stopped')).toMatchObject({
        id: 'query',
        filesystem: 'scratch',
        cursor,
        problem,
      });
    }
    expect(reader.events().at(-1)).toMatchObject({ subject: 'files/last' });
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'other', sizeBytes: 1_048_576 },
    });
    await reader.saw('pinhole.filesystem.created');
    // Its cursor is one to come back with; who comes later is told as well, on a socket each
    // subscription.
    const again = await open(base, `/v1/events?from=${cursor}`);
    await again.frame('stopped', 'query');
    again.say({ type: 'subscribe', id: 'more', from: 'now' });
    await again.frame('stopped', 'more');
    expect(again.types('query')).toEqual(['pinhole.filesystem.created']);
    // Nobody is told twice, and of what is gone nobody.
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    await must(service, 201, 'POST', `/v1/filesystems/other/files`, { json: { name: 'b' } });
    await reader.until(() => reader.events().some(({ subject }) => subject === 'files/b'));
    expect(reader.frames.filter(({ type }) => type === 'stopped')).toHaveLength(1);
    const late = await open(base, '/v1/events?from=oldest');
    await late.until(() => late.events().some(({ subject }) => subject === 'files/b'));
    expect(late.frames.filter(({ type }) => type === 'stopped')).toEqual([]);
    for (const one of [reader, other, again, late]) await one.close();
  });

  it('of the tenant are told so as server-sent events and lines, too', async () => {
    const waits = fetch(`${base}/v1/events?from=now`, {
      headers: { accept: 'application/x-ndjson', prefer: 'wait=5' },
    });
    const page = new AbortController();
    const sent = await fetch(`${base}/v1/events?from=now`, {
      headers: { accept: 'text/event-stream' },
      signal: page.signal,
    });
    await subscribed(2);
    await breakLaw();
    expect(await (await waits).text()).toMatch(
      /"type":"ack".*\n{"type":"stopped","id":"query","filesystem":"scratch",.*\n{"type":"bookmark"/,
    );
    let text = '';
    for await (const chunk of sent.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('event: stopped')) break;
    }
    expect(text).toMatch(
      /event: stopped\nid: \w+\.\d+\ndata: {"type":"stopped","id":"query","filesystem":"scratch"/,
    );
    page.abort();
    const now = await fetch(`${base}/v1/events`, { headers: { accept: 'application/x-ndjson' } });
    expect(await now.text()).toMatch(/"type":"event".*\n{"type":"stopped".*\n{"type":"bookmark"/);
  });
});
