// The promises of the event stream: order, no event missing or repeated, no command split, and
// resuming with a cursor.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventTable } from '../../src/kernel/events.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import {
  call,
  fs,
  must,
  pinnedWorld,
  type Service,
  sleepingWorld,
  start,
  waiting,
} from './start.ts';
import { type CloudEvent, listen, open } from './stream-reader.ts';

let service: Service;
let base: string;
beforeEach(async () => {
  service = await start({ streamBookmarkMs: 20 });
  base = await listen(service);
});
afterEach(() => service.close());

const events = `${fs}/events`;

/** One command, one event, with this time of a manual clock. */
const tick = () => must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
const manual = { json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' } };

const isContiguous = (list: CloudEvent[]): boolean =>
  list.every(({ seq }, i) => i === 0 || seq === (list[i - 1]?.seq ?? 0) + 1);

describe('an unpin', () => {
  it('reaches a reader as page.idle, then the wake-up, then the end of the operation, and the sleeper answers', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    const reader = await open(base, `${events}?from=now`);
    await reader.frame('ack', 'query');
    const punch = fetch(`${base}${fs}/files/a/punch-hole`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=10' },
      body: JSON.stringify({ offset: 0, length: 4096 }),
    });
    await reader.saw('pinhole.task.blocked');
    const unpin = await fetch(`${base}${fs}/pins/pin_1`, { method: 'DELETE' });
    expect(unpin.status).toBe(200);
    await reader.saw('pinhole.operation.done');
    const types = reader.types();
    const order = [
      'pinhole.page.unpinned',
      'pinhole.page.idle',
      'pinhole.waitqueue.wakeup',
      'pinhole.task.woken',
      'pinhole.operation.done',
    ];
    const places = order.map((type) => types.indexOf(type));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    const answer = await punch;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ blocksFreed: 1 });
    // One command, one frame.
    const last = reader.frames.at(-1)?.events ?? [];
    expect(last.map(({ type }) => type)).toEqual(expect.arrayContaining(order));
    expect(isContiguous(reader.events())).toBe(true);
    await reader.close();
  });
});

describe('an event', () => {
  it('is a CloudEvent with the data of its tracepoint', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    const reader = await open(base, `${events}?from=oldest`);
    await reader.saw('pinhole.task.blocked');
    for (const event of reader.events()) {
      const {
        specversion,
        id,
        source,
        type,
        subject,
        time,
        datacontenttype,
        data,
        seq,
        epoch,
        operation,
        op,
        ...others
      } = event;
      expect({ specversion, source, datacontenttype, others }).toEqual({
        specversion: '1.0',
        source: fs,
        datacontenttype: 'application/json',
        others: {},
      });
      expect(id).toBe(`${epoch}.${seq}`);
      expect(new Date(time).toISOString()).toBe(time);
      expect(subject ?? 'files/a').toBe('files/a');
      expect(operation ?? 'op_1').toMatch(/^op_\d+$/);
      expect(op === undefined).toBe(operation === undefined);
      if (op !== undefined) expect([...operations.keys(), 'evict']).toContain(op);
      eventTable[type.replace('pinhole.', '') as keyof typeof eventTable].data.parse(data);
    }
    expect(reader.events()[0]).toMatchObject({ seq: 1, type: 'pinhole.filesystem.created' });
    expect(reader.frames[0]).toMatchObject({
      type: 'ack',
      id: 'query',
      cursor: `${service.context.engine.find('default', 'scratch')?.ring.epoch}.0`,
    });
    await reader.close();
  });

  it('of a time that RFC 3339 cannot write has the last one that it can', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const reader = await open(base, `${events}?types=pinhole.clock.advanced`);
    const ms = 315_360_000_000;
    for (let years = 1970; years < 10_020; years += 200) {
      for (let i = 0; i < 20; i += 1)
        await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms } });
    }
    await tick();
    const last = await reader.until(() =>
      reader.events().find(({ data }) => (data.toMs as number) % 10 === 1),
    );
    expect(last.time).toBe('9999-12-31T23:59:59.999Z');
    await reader.close();
  });
});

describe('a cursor', () => {
  it('resumes without a gap and without a duplicate over 50 cuts', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    let writing = true;
    const writer = (async () => {
      while (writing)
        await Promise.all([
          tick(),
          tick(),
          call(service, 'POST', `${fs}/files`, { json: { name: 'a' } }),
        ]);
    })();
    const seen: CloudEvent[] = [];
    let cursor = 'oldest';
    for (let cut = 0; cut < 50; cut += 1) {
      const reader = await open(base, `${events}?from=${cursor}`);
      await reader.until(() => reader.events().length > cut % 7);
      reader.socket.terminate();
      seen.push(...reader.events());
      // Half of the time that of the frame, half of the time the id of the last event.
      cursor = (cut % 2 === 0 ? reader.frames.at(-1)?.cursor : seen.at(-1)?.id) ?? '';
    }
    writing = false;
    await writer;
    expect(seen[0]?.seq).toBe(1);
    expect(isContiguous(seen)).toBe(true);
    expect(seen.length).toBeGreaterThan(50);
  });

  it('resumes behind an event in the middle of a command', async () => {
    await pinnedWorld(service);
    const first = await open(base, `${events}?from=oldest`);
    await first.saw('pinhole.page.pinned');
    const all = first.events();
    await first.close();
    const second = await open(base, `${events}?from=${all[3]?.id}`);
    await second.saw('pinhole.page.pinned');
    expect(second.events()).toEqual(all.slice(4));
    await second.close();
  });

  it('stands behind the last event when there is nothing new', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const reader = await open(base, events);
    reader.say({ type: 'subscribe', id: 'a' });
    const { cursor } = await reader.frame('ack', 'a');
    await tick();
    reader.say({ type: 'subscribe', id: 'b', from: cursor });
    await reader.saw('pinhole.clock.advanced', 'b');
    expect(reader.events('b')).toHaveLength(1);
    await reader.close();
  });
});

describe('a filter', () => {
  const pages = 16;

  it('shows the types, the families, the file and the range that were asked for', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 8 * 1024 * 1024 },
    });
    const reader = await open(base, events);
    const filters = {
      types: { types: ['pinhole.file.created', 'page.faulted'] },
      family: { types: ['pinhole.file.*'] },
      file: { file: 'b' },
      range: { file: 'a', types: ['pinhole.page.faulted'], range: { offset: 4096, length: 8192 } },
    };
    for (const [id, filter] of Object.entries(filters))
      reader.say({ type: 'subscribe', id, filter });
    reader.say({ type: 'subscribe', id: 'all' });
    await reader.frame('ack', 'all');
    for (const name of ['a', 'b']) {
      await must(service, 201, 'POST', `${fs}/files`, { json: { name, sizeBytes: pages * 4096 } });
      await must(service, 201, 'POST', `${fs}/files/${name}/mappings`, {
        json: { offset: 0, length: pages * 4096, access: 'read-write' },
      });
    }
    await must(service, 200, 'POST', `${fs}/mappings/map_1/faults`, {
      json: { offset: 0, length: 4 * 4096, access: 'write' },
    });
    await must(service, 200, 'POST', `${fs}/mappings/map_2/faults`, {
      json: { offset: 0, length: 4096, access: 'read' },
    });
    await must(service, 200, 'DELETE', `${fs}/files/b`);
    await reader.saw('pinhole.file.unlinked', 'all');
    await reader.saw('pinhole.file.unlinked', 'family');
    await reader.saw('pinhole.file.unlinked', 'file');
    await reader.until(() => reader.events('types').length >= 7);
    const all = reader.events('all');
    const shown = (keep: (event: CloudEvent) => boolean) => all.filter(keep);
    expect(reader.events('types')).toEqual(
      shown(({ type }) => ['pinhole.file.created', 'pinhole.page.faulted'].includes(type)),
    );
    expect(reader.events('family')).toEqual(shown(({ type }) => type.startsWith('pinhole.file.')));
    expect(reader.events('file')).toEqual(shown(({ subject }) => subject === 'files/b'));
    expect(reader.events('range').map(({ data }) => data.pgoff)).toEqual([1, 2]);
    await reader.close();
  });

  it('is also a query', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const reader = await open(
      base,
      `${events}?from=oldest&types=pinhole.clock.advanced,pinhole.file.created&file=b`,
    );
    for (const name of ['a', 'b'])
      await must(service, 201, 'POST', `${fs}/files`, { json: { name } });
    await reader.saw('pinhole.file.created');
    expect(reader.events().map(({ subject }) => subject)).toEqual(['files/b']);
    await reader.close();
  });

  it('that hides everything still tells where the log is', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const reader = await open(base, `${events}?types=pinhole.file.created`);
    await reader.frame('ack');
    for (let i = 0; i < 5; i += 1) await tick();
    const end = `${service.context.engine.find('default', 'scratch')?.ring.epoch}.6`;
    await reader.until(() =>
      reader.frames.find(({ type, cursor }) => type === 'bookmark' && cursor === end),
    );
    expect(reader.events()).toEqual([]);
    const again = await open(base, `${events}?from=${end}`);
    await tick();
    await again.saw('pinhole.clock.advanced');
    expect(again.events()).toHaveLength(1);
    await Promise.all([reader.close(), again.close()]);
  });
});

describe('the conversation', () => {
  it('knows several subscriptions on one socket, and their ends', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const reader = await open(base, events);
    reader.say({ type: 'subscribe', id: 'one' });
    reader.say({ type: 'subscribe', id: 'two', from: 'oldest' });
    reader.say({ type: 'ping', id: 'x' });
    expect(await reader.frame('pong')).toEqual({ type: 'pong', id: 'x' });
    await tick();
    await reader.saw('pinhole.clock.advanced', 'one');
    await reader.saw('pinhole.clock.advanced', 'two');
    expect(reader.events('two')).toHaveLength(2);
    reader.say({ type: 'unsubscribe', id: 'one' });
    await reader.until(
      () => reader.frames.filter(({ type, id }) => type === 'ack' && id === 'one').length === 2,
    );
    await tick();
    await reader.until(() => reader.events('two').length === 3);
    expect(reader.events('one')).toHaveLength(1);
    expect(service.app.server.listening).toBe(true);
    await reader.close();
  });

  it('sends nothing to who has not subscribed', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', manual);
    const reader = await open(base, events);
    await tick();
    reader.say({ type: 'ping' });
    expect(await reader.frame('pong')).toEqual({ type: 'pong' });
    expect(reader.frames).toHaveLength(1);
    await reader.close();
  });

  it('of the whole tenant has the events of all its filesystems in one order', async () => {
    const reader = await open(base, '/v1/events?from=oldest');
    for (const name of ['x', 'y'])
      await must(service, 201, 'POST', '/v1/filesystems', { json: { ...manual.json, name } });
    for (let i = 0; i < 10; i += 1)
      await must(service, 200, 'POST', `/v1/filesystems/${i % 2 === 0 ? 'x' : 'y'}/clock/advance`, {
        json: { ms: 1 },
      });
    await reader.until(() => reader.events().length === 12);
    const all = reader.events();
    expect(isContiguous(all)).toBe(true);
    expect(new Set(all.map(({ source }) => source))).toEqual(
      new Set(['/v1/filesystems/x', '/v1/filesystems/y']),
    );
    const again = await open(base, `/v1/events?from=${all[5]?.id}`);
    await again.until(() => again.events().length === 6);
    expect(again.events()).toEqual(all.slice(6));
    await Promise.all([reader.close(), again.close()]);
  });

  it('puts what waits into one frame, and never half a command', async () => {
    await service.close();
    service = await start({ streamFrameEventsMax: 1 });
    base = await listen(service);
    await sleepingWorld(service, { mkfs: waiting });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const reader = await open(base, `${events}?from=oldest`);
    await reader.until(() =>
      reader
        .types()
        .filter((type) => type === 'pinhole.operation.done')
        .at(2),
    );
    const whole = reader.frames
      .filter(({ type }) => type === 'event')
      .map((frame) => (frame.events ?? []).map(({ type }) => type));
    const unpin = whole.find((types) => types.includes('pinhole.page.unpinned'));
    expect(unpin).toEqual(
      expect.arrayContaining([
        'pinhole.page.idle',
        'pinhole.waitqueue.wakeup',
        'pinhole.operation.done',
      ]),
    );
    expect(whole.find((types) => types.includes('pinhole.file.created'))).toEqual([
      'pinhole.file.created',
    ]);
    await reader.close();
  });
});
