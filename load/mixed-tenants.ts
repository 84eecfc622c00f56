// Ten tenants with one filesystem each: pins, reads, writes and views, mixed in a fixed order.
import { type Call, cannedPin, json, type Scenario, statfs } from './scenario.ts';

const tenants = 10;
const fs = '/v1/filesystems/load';

function callsOf(token: string, page: number): Call[] {
  const authorization = `Bearer ${token}`;
  return [
    {
      method: 'POST',
      path: `${fs}/mappings/map_1/pins`,
      headers: { ...json, authorization },
      body: JSON.stringify({ offset: page * 4096, length: 4096, access: 'write' }),
      learn(turn, body) {
        turn.id = (JSON.parse(body) as { id: string }).id;
      },
    },
    { method: 'GET', path: `${fs}/files/a`, headers: { authorization } },
    {
      method: 'PUT',
      path: `${fs}/files/a/content?offset=${page * 4096}`,
      headers: { 'content-type': 'application/octet-stream', authorization },
      body: Buffer.alloc(4096, page),
    },
    { method: 'GET', path: fs, headers: { authorization } },
    { method: 'DELETE', path: ({ id }) => `${fs}/pins/${id}`, headers: { authorization } },
  ];
}

export const mixedTenants: Scenario = {
  name: 'mixed-tenants',
  doc: 'ten tenants: pin, stat, write 4 KiB, statfs, unpin',
  async prepare(api) {
    const calls: Call[] = [];
    for (let i = 0; i < tenants; i += 1) {
      await api('POST', '/v1/tenants', { name: `tenant-${i}` });
      const { token } = await api<{ token: string }>('POST', `/v1/tenants/tenant-${i}/tokens`, {});
      await api('POST', '/v1/filesystems', statfs, token);
      await api('POST', `${fs}/files`, { name: 'a', sizeBytes: 1024 * 1024 }, token);
      await api(
        'POST',
        `${fs}/files/a/mappings`,
        { offset: 0, length: 1024 * 1024, access: 'read-write' },
        token,
      );
      calls.push(...callsOf(token, i));
    }
    return calls;
  },
  bare: [
    {
      method: 'POST',
      url: '/v1/filesystems/:fs/mappings/:mapping/pins',
      status: 201,
      reply: cannedPin,
    },
    {
      method: 'GET',
      url: '/v1/filesystems/:fs/files/:file',
      status: 200,
      reply: {
        name: 'a',
        ino: 2,
        generation: 1,
        version: 3,
        sizeBytes: 1_048_576,
        blocks512: 8,
        mappings: 1,
        pins: 1,
      },
    },
    {
      method: 'PUT',
      url: '/v1/filesystems/:fs/files/:file/content',
      status: 200,
      reply: { bytesWritten: 4096, sizeBytes: 1_048_576 },
    },
    {
      method: 'GET',
      url: '/v1/filesystems/:fs',
      status: 200,
      reply: {
        ...statfs,
        kind: 'xfs',
        kernel: '7.3',
        strategy: {
          name: 'break-layouts',
          idleRule: 'modern',
          breakScope: 'file',
          longterm: 'refuse',
        },
        waitqueue: { buckets: 256, keyed: true },
        clock: 'realtime',
        nowMs: 1_700_000_000_000,
        scheduler: 'auto',
        persistenceDomain: 'adr',
        space: {
          blockSizeBytes: 4096,
          blocks: 16_384,
          blocksMetadata: 2,
          blocksUsed: 2,
          blocksFree: 16_380,
          blocksBusy: 0,
          blocksDetached: 0,
        },
        counts: {
          files: 1,
          mappings: 1,
          pins: 1,
          pinnedPages: 1,
          pinsAcquired: 1,
          pinsReleased: 0,
          sleepers: 0,
          wakeups: 0,
        },
      },
    },
    {
      method: 'DELETE',
      url: '/v1/filesystems/:fs/pins/:pin',
      status: 200,
      reply: { id: 'pin_123456', pagesReleased: 1, heldMs: 3 },
    },
  ],
  expected: [200, 201],
};
