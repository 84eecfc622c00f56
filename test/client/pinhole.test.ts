// The object for a server: it waits for the end of operations, reads and writes bytes, and watches.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type FilesystemClient,
  OperationFailed,
  pinhole,
  RequestRefused,
} from '../../src/client/index.ts';
import { fs, must, type Service, sleepingWorld, start, waiting } from '../http/start.ts';
import { listen } from '../http/stream-reader.ts';

let service: Service | null = null;
let other: { close(): void } | null = null;
afterEach(async () => {
  other?.close();
  other = null;
  await service?.close();
  service = null;
});

/** A punch hole, op_…, sleeps on pin_1 and holds the locks of the file a. */
async function asleep(
  config: Parameters<typeof start>[0] = {},
): Promise<{ service: Service; scratch: FilesystemClient; id: string; baseUrl: string }> {
  const started = await start(config);
  service = started;
  const baseUrl = await listen(started);
  const location = await sleepingWorld(started, { mkfs: waiting });
  const scratch = pinhole({ baseUrl }).filesystem('scratch');
  return { service: started, scratch, baseUrl, id: location.slice(location.lastIndexOf('/') + 1) };
}

const unpin = (running: Service) => must(running, 200, 'DELETE', `${fs}/pins/pin_1`);

/** The state of the newest operation, when it is that one. */
const sleeps = (running: Service, op: string) =>
  expect
    .poll(async () => {
      const { json } = await must(running, 200, 'GET', `${fs}/operations?state=sleeping`);
      return (json.items as { op: string }[]).map((item) => item.op);
    })
    .toContain(op);

describe('done', () => {
  // The second server allows no wait at all, so the client has to ask again.
  it.each([{}, { waitMaxMs: 0 }])('resolves when the operation has ended (%j)', async (config) => {
    const { service: running, scratch, id } = await asleep(config);
    let ended = false;
    const done = scratch.operation.done(id).finally(() => {
      ended = true;
    });
    await sleeps(running, 'punch-hole');
    expect(ended).toBe(false);
    await unpin(running);
    expect(await done).toMatchObject({ id, op: 'punch-hole', state: 'done' });
    // It has ended already.
    expect(await scratch.operation.done(id)).toMatchObject({ id, state: 'done' });
  });

  it('resolves with a cancelled operation, too', async () => {
    const { service: running, scratch, id } = await asleep();
    const done = scratch.operation.done(id);
    await must(running, 200, 'POST', `${fs}/operations/${id}/cancel`);
    expect((await done).problem).toMatchObject({ errno: 'EINTR' });
  });

  it('ends with its signal, and throws the problem if there is no such operation', async () => {
    const { scratch, id } = await asleep();
    const reason = new Error('enough');
    const abort = new AbortController();
    const done = scratch.operation.done(id, { signal: abort.signal });
    abort.abort(reason);
    await expect(done).rejects.toBe(reason);
    const unknown = scratch.operation.done('op_999');
    await expect(unknown).rejects.toBeInstanceOf(RequestRefused);
    await expect(unknown).rejects.toMatchObject({ status: 404, problem: { errno: 'ENOENT' } });
  });

  it('asks again when the server was busy, as Retry-After says', async () => {
    const states = ['busy', 'sleeping', 'done'];
    let asked = 0;
    const server = createServer((_request, response) => {
      const state = states[asked++];
      response.setHeader('content-type', 'application/json');
      if (state === 'busy') response.writeHead(503, { 'retry-after': '1' });
      response.end(JSON.stringify({ id: 'op_1', state }));
    });
    other = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const done = await pinhole({ baseUrl }).filesystem('scratch').operation.done('op_1');
    expect({ done, asked }).toEqual({ done: { id: 'op_1', state: 'done' }, asked: 3 });
  });
});

describe('bytes', () => {
  const bytes = Uint8Array.from([0, 255, 128, 10, 195, 40]);

  it('come back from a file as they were written, whole and in part', async () => {
    const { service: running, scratch } = await asleep();
    await must(running, 201, 'POST', `${fs}/files`, { json: { name: 'b' } });
    expect(await scratch.file.write('b', bytes)).toMatchObject({ bytesWritten: 6, sizeBytes: 6 });
    expect(await scratch.file.read('b')).toEqual(bytes);
    await scratch.file.write('b', bytes.subarray(0, 2), { offset: 3 });
    expect(await scratch.file.read('b', { offset: 2, length: 3 })).toEqual(
      Uint8Array.from([128, 0, 255]),
    );
    await expect(scratch.file.read('nothing')).rejects.toMatchObject({
      name: 'RequestRefused',
      message: expect.stringMatching(/^404: There is no such file/),
      problem: { errno: 'ENOENT' },
    });
  });

  it('go through a mapping and a pin', async () => {
    const { scratch } = await asleep();
    expect(await scratch.mapping.write('map_1', bytes, { offset: 5000 })).toEqual({
      bytesStored: 6,
    });
    expect(await scratch.mapping.read('map_1', { offset: 5000, length: 6 })).toEqual(bytes);
    expect(await scratch.pin.read('pin_1', { offset: 5000, length: 6 })).toEqual(bytes);
    expect(await scratch.pin.write('pin_1', bytes, { offset: 16 })).toMatchObject({
      bytesWritten: 6,
    });
    expect(await scratch.pin.read('pin_1', { offset: 16, length: 6 })).toEqual(bytes);
  });

  it('come when a write and a read that slept are done', async () => {
    const { service: running, scratch } = await asleep({ waitDefaultMs: 0 });
    const written = scratch.file.write('a', bytes, { offset: 4096 });
    await sleeps(running, 'write');
    const read = scratch.file.read('a', { offset: 4096, length: 6 });
    await sleeps(running, 'read');
    await unpin(running);
    expect(await written).toMatchObject({ bytesWritten: 6 });
    expect(await read).toEqual(bytes);
  });

  it('are not written by an operation that was cancelled while it slept', async () => {
    const { service: running, scratch, id } = await asleep({ waitDefaultMs: 0 });
    await must(running, 200, 'POST', `${fs}/operations/${id}/cancel`);
    // Replacing the content truncates first, and so waits for the pin, which a signal ends.
    const failed = scratch.file.write('a', bytes).catch((error: unknown) => error);
    await sleeps(running, 'write');
    const { json } = await must(running, 200, 'GET', `${fs}/operations?state=sleeping`);
    const [write] = json.items as { id: string }[];
    await must(running, 200, 'POST', `${fs}/operations/${write?.id}/cancel`);
    expect(await failed).toBeInstanceOf(OperationFailed);
    expect(await failed).toMatchObject({ operation: { problem: { errno: 'EINTR' } } });
  });
});

describe('what happens', () => {
  it('is listed, then watched', async () => {
    const { service: running, scratch } = await asleep();
    const seen: string[] = [];
    for await (const { picture, event } of scratch.watch()) {
      seen.push(event?.type ?? `${picture.pins.size} pin`);
      if (event === null) await unpin(running);
      if (picture.pins.size === 0) break;
    }
    expect(seen[0]).toBe('1 pin');
    expect(seen.at(-1)).toBe('pinhole.page.unpinned');
  });

  it('is streamed, of one filesystem and of all', async () => {
    const { scratch, baseUrl } = await asleep();
    for (const events of [scratch.events, pinhole({ baseUrl }).events]) {
      const first = await events({ from: 'oldest' }).next();
      expect(first.value).toMatchObject({ type: 'pinhole.filesystem.created' });
    }
  });
});
