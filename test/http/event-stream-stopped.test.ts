// A filesystem in which a law broke: its readers get all that it had to tell, and are told that there is no more.
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
  await must(service, 201, 'POST', '/v1/filesystems', { json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' } });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
});
afterEach(() => service.close());

const hosted = () => service.engine.find('default', 'scratch') as NonNullable<ReturnType<typeof service.engine.find>>;

/** The journal takes the command; the kernel does not know what it is. */
async function breakLaw(): Promise<void> {
  const { engine } = service;
  await expect(engine.submit(hosted(), { op: 'no-such-operation', on: {}, args: {} })).rejects.toMatchObject({
    kind: 'filesystem-stopped',
  });
}

const stopped = { type: 'error', problem: { type: expect.stringContaining('filesystem-stopped'), status: 500 } };
const subscribed = (count: number) =>
  expect
    .poll(async () => (await must(service, 200, 'GET', '/metrics')).text)
    .toContain(`pinhole_stream_subscriptions ${count}\n`);

async function lines(query: string, headers: Record<string, string> = {}): Promise<{ status: number; messages: StreamFrame[] }> {
  const answer = await fetch(`${base}${events}${query}`, { headers: { accept: 'application/x-ndjson', ...headers } });
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
    const text = fetch(`${base}${events}?from=oldest`, { headers: { accept: 'text/event-stream' } }).then((answer) =>
      answer.text(),
    );
    await subscribed(1);
    await breakLaw();
    expect(await text).toMatch(/file\.created[\s\S]*event: error\n[\s\S]*event: close\ndata: {"type":"close","code":1013/);
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
    expect(next).toMatchObject({ status: 500, messages: [{ type: expect.stringContaining('filesystem-stopped') }] });
  });

  it('who come later get what there was, and then the same', async () => {
    await breakLaw();
    const reader = await open(base, `${events}?from=oldest`);
    expect((await reader.closed).code).toBe(1013);
    expect(reader.types()).toContain('pinhole.file.created');
    expect(reader.frames.at(-1)).toMatchObject(stopped);
    const { status, messages } = await lines('');
    expect(status).toBe(200);
    expect(messages.flatMap(({ events: shown = [] }) => shown.map(({ type }) => type))).toContain('pinhole.file.created');
    const silent = await open(base, events);
    silent.say({ type: 'subscribe', id: 'a', from: 'oldest' });
    expect((await silent.closed).code).toBe(1013);
    expect(silent.types('a')).toContain('pinhole.file.created');
  });

  it('of the tenant read on, as the other filesystems do', async () => {
    const reader = await open(base, '/v1/events?from=now');
    await reader.frame('ack');
    await breakLaw();
    await must(service, 201, 'POST', '/v1/filesystems', { json: { name: 'other', sizeBytes: 1_048_576 } });
    await reader.saw('pinhole.filesystem.created');
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    await reader.close();
  });
});
