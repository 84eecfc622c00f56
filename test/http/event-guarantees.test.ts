// The guarantees of the event log, named as in etcd, on every transport.
import { afterEach, describe, expect, it } from 'vitest';
import { call, fs, must, type Service, sleepingWorld, start, waiting } from './start.ts';
import { type CloudEvent, listen } from './stream-reader.ts';
import { type Log, readLog, transports } from './transports.ts';

let service: Service;
let base: string;
const logs: Log[] = [];
async function world(config: Parameters<typeof start>[0] = {}): Promise<void> {
  service = await start({ streamBookmarkMs: 20, streamHeartbeatMs: 50, ...config });
  base = await listen(service);
}
afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.cut()));
  await service.close();
});

const manual = { json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' } };
const tick = () => must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });

/** Commands of different lengths, until it is told to stop. */
function load(): () => Promise<void> {
  let going = true;
  const work = (async () => {
    for (let i = 0; going; i += 1) {
      await Promise.all([
        tick(),
        tick(),
        call(service, 'POST', `${fs}/files`, { json: { name: `f${i}`, sizeBytes: 4096 } }),
      ]);
      await call(service, 'DELETE', `${fs}/files/f${i}`);
    }
  })();
  return async () => {
    going = false;
    await work;
  };
}

/**
 * Reads to at least `count` events under load, with a cut now and then; what was heard, and what
 * the log holds.
 */
async function cutAndResume(
  transport: (typeof transports)[number],
  cuts: number,
): Promise<{ heard: CloudEvent[] }> {
  await world();
  await must(service, 201, 'POST', '/v1/filesystems', manual);
  const stop = load();
  const heard: CloudEvent[] = [];
  let from = 'oldest';
  for (let cut = 0; cut < cuts; cut += 1) {
    const log = readLog(transport, base, `${fs}/events?from=${from}`);
    await log.until(() => log.events().length > cut % 5);
    await log.cut();
    heard.push(...log.events());
    // Half of the time that of the message, half of the time the id of the last event.
    from = (cut % 2 === 0 ? log.cursor() : heard.at(-1)?.id) ?? '';
  }
  await stop();
  return { heard };
}

/** All that the log holds, whatever carried it. */
function kept(): { seq: number; last: boolean }[] {
  const ring = service.context.engine.find('default', 'scratch')?.ring;
  const read = ring?.read(ring.oldestSeq, 1_000_000);
  if (read?.kind !== 'events') throw new Error('the log has no beginning');
  return read.records.map((record, i) => ({ seq: read.firstSeq + i, last: record.last }));
}

describe.each(transports)('over %s the log is', (transport) => {
  it('ordered: what happened first comes first, in all filesystems of the tenant', async () => {
    await world();
    const log = readLog(transport, base, '/v1/events?from=oldest');
    logs.push(log);
    for (const name of ['scratch', 'other'])
      await must(service, 201, 'POST', '/v1/filesystems', { json: { ...manual.json, name } });
    for (let i = 0; i < 20; i += 1) {
      await must(
        service,
        201,
        'POST',
        `/v1/filesystems/${i % 2 === 0 ? 'scratch' : 'other'}/files`,
        { json: { name: `f${i}` } },
      );
    }
    await log.until(() => log.events().length === 22);
    const names = log
      .events()
      .flatMap(({ type, subject }) => (type === 'pinhole.file.created' ? [subject] : []));
    expect(names).toEqual(Array.from({ length: 20 }, (_, i) => `files/f${i}`));
    const seqs = log.events().map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it('unique: no event comes twice, over 20 cuts', async () => {
    const { heard } = await cutAndResume(transport, 20);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(heard.length);
  });

  it('reliable: between two events that came, none is missing', async () => {
    const { heard } = await cutAndResume(transport, 10);
    expect(heard.map(({ seq }) => seq)).toEqual(heard.map((_, i) => i + 1));
  });

  it('atomic: a message holds whole commands', async () => {
    await world({ streamFrameEventsMax: 1 });
    await sleepingWorld(service, { mkfs: waiting });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const log = readLog(transport, base, `${fs}/events?from=oldest`);
    logs.push(log);
    const all = kept();
    await log.until(() => log.events().length === all.length);
    const ends = log.messages.flatMap(({ events }) => events?.at(-1)?.seq ?? []);
    expect(ends).toEqual(all.filter(({ last }) => last).map(({ seq }) => seq));
    expect(ends.length).toBeLessThan(all.length);
  });

  it('resumable: from any event on, the rest comes', async () => {
    await world();
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    for (let i = 0; i < 6; i += 1) await tick();
    const whole = readLog(transport, base, `${fs}/events?from=oldest`);
    logs.push(whole);
    await whole.until(() => whole.events().length === 7);
    for (const { id, seq } of whole.events().slice(0, -1)) {
      const rest = readLog(transport, base, `${fs}/events?from=${id}`);
      await rest.until(() => rest.events().length === 7 - seq);
      expect(rest.events()).toEqual(whole.events().slice(seq));
      await rest.cut();
    }
  });

  it('bookmarkable: a filter that hides everything still tells how far it has read', async () => {
    await world();
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const log = readLog(transport, base, `${fs}/events?from=now&types=pinhole.file.*`);
    logs.push(log);
    await log.until(() => log.messages.some(({ type }) => type === 'ack'));
    for (let i = 0; i < 5; i += 1) await tick();
    // A poll tells it at its end, when something is there to be shown.
    if (transport === 'ndjson') {
      await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
      await log.until(() => log.events().length === 1);
    }
    const end = `${service.context.engine.find('default', 'scratch')?.ring.epoch}.${kept().length}`;
    await log.until(() =>
      log.messages.some(({ type, cursor }) => type === 'bookmark' && cursor === end),
    );
    await tick();
    const next = readLog(transport, base, `${fs}/events?from=${end}`);
    logs.push(next);
    await next.until(() => next.events().length === 1);
    expect(next.events().map(({ type }) => type)).toEqual(['pinhole.clock.advanced']);
  });
});
