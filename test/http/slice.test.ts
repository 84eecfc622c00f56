// The main story of the product over HTTP: a punch hole waits for a pin.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

let service: Service;
beforeEach(async () => {
  service = await start();
});
afterEach(() => service.close());

describe('a file', () => {
  it('is made, written, read, changed and removed', async () => {
    const made = await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' },
    });
    expect(made.headers.location).toBe('/v1/filesystems/scratch');
    expect(made.json).toMatchObject({ name: 'scratch', kind: 'xfs' });
    const { space } = made.json;
    expect(
      space.blocksMetadata +
        space.blocksUsed +
        space.blocksFree +
        space.blocksBusy +
        space.blocksDetached,
    ).toBe(space.blocks);
    expect((await must(service, 200, 'GET', '/v1/filesystems/scratch')).json).toEqual(made.json);
    const file = await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    expect(file.headers.location).toBe(`${fs}/files/a`);
    const written = await must(service, 200, 'PUT', `${fs}/files/a/content`, {
      bytes: 'hello, pages',
    });
    expect(written.json).toMatchObject({ bytesWritten: 12, sizeBytes: 12 });
    await must(service, 200, 'PUT', `${fs}/files/a/content?offset=7`, { bytes: 'holes' });
    expect((await must(service, 200, 'GET', `${fs}/files/a/content`)).text).toBe('hello, holes');
    await must(service, 200, 'POST', `${fs}/files/a/truncate`, { json: { sizeBytes: 5 } });
    expect((await must(service, 200, 'GET', `${fs}/files/a/content`)).text).toBe('hello');
    const extents = await must(service, 200, 'GET', `${fs}/files/a/extents`);
    expect(extents.json.extents).toHaveLength(1);
    await must(service, 200, 'DELETE', `${fs}/files/a`);
    await must(service, 404, 'GET', `${fs}/files/a`);
    await must(service, 200, 'DELETE', fs);
    await must(service, 404, 'GET', fs);
  });
});

describe('a punch hole', () => {
  it('sleeps while the page is pinned and ends with the unpin', async () => {
    const operation = await sleepingWorld(service, { mkfs: waiting });
    const asleep = await must(service, 200, 'GET', operation);
    expect(asleep.json).toMatchObject({ op: 'punch-hole', state: 'sleeping' });
    expect(asleep.json.blockedBy[0]).toMatchObject({ pin: 'pin_1', owner: 'device' });
    const ended = call(service, 'GET', operation, { headers: { prefer: 'wait=10' } });
    const unpinned = await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect(unpinned.json).toMatchObject({ pagesReleased: 4 });
    const answer = await ended;
    expect(answer.json).toMatchObject({
      state: 'done',
      result: { sizeBytes: 65_536, blocksFreed: 1 },
    });
    expect(answer.headers['preference-applied']).toBe('wait=10');
  });

  it('answers 200 where it ends while the request waits', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    const punch = call(service, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 0, length: 4096 },
      headers: { prefer: 'wait=10' },
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const answer = await punch;
    expect(answer.status).toBe(200);
    expect(answer.headers['preference-applied']).toBe('wait=10');
    expect(answer.json).toMatchObject({ blocksFreed: 1 });
    const content = await must(service, 200, 'GET', `${fs}/files/a/content`);
    expect(content.bytes.subarray(0, 4096).every((byte) => byte === 0)).toBe(true);
    expect(content.bytes[4096]).toBe(0x61);
  });

  it('is cancelled by a signal', async () => {
    const operation = await sleepingWorld(service, { mkfs: waiting });
    await must(service, 200, 'POST', `${operation}/cancel`);
    const ended = await must(service, 200, 'GET', operation);
    expect(ended.json).toMatchObject({ state: 'cancelled', problem: { errno: 'EINTR' } });
    expect(
      (await must(service, 200, 'GET', `${fs}/files/a/content`)).bytes.every(
        (byte) => byte === 0x61,
      ),
    ).toBe(true);
  });
});

describe('a device', () => {
  it('reads and writes what it pinned', async () => {
    await pinnedWorld(service);
    await must(service, 200, 'PUT', `${fs}/pins/pin_1/memory?offset=4096`, { bytes: 'DMA' });
    expect(
      (await must(service, 200, 'GET', `${fs}/pins/pin_1/memory?offset=4096&length=4`)).text,
    ).toBe('DMAa');
    expect(
      (await must(service, 200, 'GET', `${fs}/mappings/map_1/memory?offset=4096&length=3`)).text,
    ).toBe('DMA');
    await must(service, 200, 'PUT', `${fs}/mappings/map_1/memory?offset=0`, { bytes: 'CPU' });
    expect(
      (
        await must(service, 206, 'GET', `${fs}/files/a/content`, {
          headers: { range: 'bytes=0-2' },
        })
      ).text,
    ).toBe('CPU');
  });

  it('addresses pinned memory by bytes of the mapping, wherever the mapping and the pin begin, and after munmap', async () => {
    await pinnedWorld(service);
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { offset: 8192, length: 16_384, access: 'read-write' },
    });
    const pin = { offset: 4100, length: 4096, access: 'write' };
    const taken = await must(service, 201, 'POST', `${fs}/mappings/map_2/pins`, { json: pin });
    expect(taken.json).toMatchObject({
      offset: 12_292,
      mappingOffset: 4100,
      pages: [{ pgoff: 3 }, { pgoff: 4 }],
    });
    await must(service, 200, 'DELETE', `${fs}/mappings/map_2`);
    await must(service, 200, 'PUT', `${fs}/pins/pin_2/memory?offset=8190`, { bytes: 'DMADMA' });
    const content = await must(service, 206, 'GET', `${fs}/files/a/content`, {
      headers: { range: 'bytes=16382-16387' },
    });
    expect(content.text).toBe('DMADMA');
    expect((await must(service, 200, 'GET', `${fs}/pins/pin_2/memory?offset=8190`)).text).toBe(
      'DMADMA',
    );
    expect((await must(service, 200, 'GET', `${fs}/pins/pin_2/memory`)).bytes.length).toBe(4096);
    for (const outside of [
      'offset=0&length=4',
      'offset=4099&length=4',
      'offset=8193&length=4',
      'offset=8197',
    ]) {
      expect((await call(service, 'GET', `${fs}/pins/pin_2/memory?${outside}`)).json).toMatchObject(
        {
          errno: 'EFAULT',
          rule: 'DM1',
        },
      );
    }
    const over = await call(service, 'PUT', `${fs}/pins/pin_2/memory?offset=8194`, {
      bytes: 'DMA',
    });
    expect(over.json).toMatchObject({ errno: 'EFAULT', rule: 'DM1' });
  });
});
