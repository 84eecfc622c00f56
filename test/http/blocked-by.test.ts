import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start({ waitDefaultMs: 30 });
});
afterEach(() => service.close());

const pin = {
  pin: 'pin_1',
  owner: 'device',
  kind: 'direct-io',
  pgoff: 0,
  heldMs: expect.any(Number),
};
const truncate = (more: object = {}) =>
  call(service, 'POST', `${fs}/files/a/truncate`, { json: { sizeBytes: 0, ...more } });

describe('a problem lists what blocks the operation', () => {
  it('of nowait: the pins on the page', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    expect((await truncate({ nowait: true })).json).toMatchObject({
      errno: 'EAGAIN',
      rule: 'SL2',
      blockedBy: [pin],
    });
  });

  it('of what sleeps: the bytes that the pin holds, too', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 100, length: 5000, access: 'read' },
    });
    const asleep = (await truncate()).headers.location ?? '';
    expect((await must(service, 200, 'GET', asleep)).json.blockedBy).toMatchObject([
      { ...pin, range: { offset: 0, length: 16_384 } },
      { pin: 'pin_2', pgoff: 0, range: { offset: 100, length: 5000 } },
    ]);
  });

  it('of nowait: who holds the lock, and in the record of the operation too', async () => {
    await pinnedWorld(service, { mkfs: { strategy: { name: 'wait-for-refs' } } });
    const sleeping = (await truncate({ owner: 'first' })).headers.location ?? '';
    const second = await call(service, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 0, nowait: true },
      headers: { prefer: 'respond-async' },
    });
    const blockedBy = [
      { operation: sleeping.split('/').pop(), owner: 'first', lock: 'i_rwsem', mode: 'exclusive' },
    ];
    expect(second.json).toMatchObject({ errno: 'EAGAIN', rule: 'SL2', blockedBy });
    const { items } = (await must(service, 200, 'GET', `${fs}/operations`)).json;
    const failed = items.find(({ state }: { state: string }) => state === 'failed');
    expect(failed.problem).toMatchObject({ errno: 'EAGAIN', blockedBy });
  });

  it('of the strategy that refuses', async () => {
    await pinnedWorld(service, { mkfs: { strategy: { name: 'refuse' } } });
    expect((await truncate()).json).toMatchObject({
      errno: 'EBUSY',
      rule: 'RS1',
      blockedBy: [pin],
    });
    const unlink = await call(service, 'DELETE', `${fs}/files/a`);
    expect(unlink.json).toMatchObject({ errno: 'EBUSY', rule: 'RS1', blockedBy: [pin] });
  });

  it('of a filesystem in use, and of no more than 16 of them', async () => {
    await pinnedWorld(service);
    const refused = await call(service, 'DELETE', fs);
    expect(refused.json).toMatchObject({
      errno: 'EBUSY',
      rule: 'UM1',
      blockedBy: [{ pin: 'pin_1', owner: 'device' }, { mapping: 'map_1' }],
    });
    for (let i = 0; i < 20; i += 1)
      await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
        json: { offset: 0, length: 4096, access: 'read' },
      });
    expect((await call(service, 'DELETE', fs)).json.blockedBy).toHaveLength(16);
  });

  it('and of a deadlock: the cycle', async () => {
    await pinnedWorld(service, { mkfs: waiting, owner: 'X' });
    const same = await truncate({ owner: 'X', failOnDeadlock: true });
    expect(same.json).toMatchObject({ status: 409, errno: 'EDEADLK', rule: 'SL5' });
    const [first, through, last] = same.json.cycle;
    expect(same.json.cycle).toHaveLength(3);
    expect(first).toMatch(/^op_\d+$/);
    expect(through).toMatch(/^page:\d+$/);
    expect(last).toBe(first);
  });

  it('and of a deadlock over a lock', async () => {
    await pinnedWorld(service, { mkfs: { strategy: { name: 'wait-for-refs' } }, owner: 'X' });
    await truncate({ owner: 'Y' });
    const read = await call(service, 'GET', `${fs}/files/a/content?owner=X&failOnDeadlock=true`);
    expect(read.json).toMatchObject({ errno: 'EDEADLK', rule: 'SL5' });
    expect(read.json.cycle).toContain('lock:a:i_rwsem');
  });
});
