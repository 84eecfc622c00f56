// The main story of the product under load: a punch sleeps on a pin and ends when the pin is
// released. Each connection has its own file, so that they do not wait for each other's locks.
import { cannedPin, fs, json, type Scenario, statfs } from './scenario.ts';

const files = 256;

export const punchUnderPins: Scenario = {
  name: 'punch-under-pins',
  doc: 'POST a pin, POST punch-hole on the page (202: it sleeps), DELETE the pin',
  async prepare(api) {
    await api('POST', '/v1/filesystems', {
      ...statfs,
      strategy: { name: 'break-layouts', idleRule: 'fixed' },
    });
    for (let i = 0; i < files; i += 1) {
      await api('POST', `${fs}/files`, { name: `f${i}`, sizeBytes: 65_536 });
      await api('POST', `${fs}/files/f${i}/mappings`, {
        offset: 0,
        length: 65_536,
        access: 'read-write',
      });
    }
    const free = Array.from({ length: files }, (_, i) => i);
    return [
      {
        method: 'POST',
        path(turn) {
          turn.slot = free.shift() ?? 0;
          return `${fs}/mappings/map_${turn.slot + 1}/pins`;
        },
        headers: json,
        body: JSON.stringify({ offset: 0, length: 4096, access: 'write' }),
        learn(turn, body) {
          turn.id = (JSON.parse(body) as { id: string }).id;
        },
      },
      {
        method: 'POST',
        path: ({ slot }) => `${fs}/files/f${slot}/punch-hole`,
        headers: { ...json, prefer: 'respond-async' },
        body: JSON.stringify({ offset: 0, length: 4096 }),
      },
      {
        method: 'DELETE',
        path: ({ id }) => `${fs}/pins/${id}`,
        learn({ slot }) {
          if (slot !== undefined) free.push(slot);
        },
      },
    ];
  },
  bare: [
    {
      method: 'POST',
      url: '/v1/filesystems/:fs/mappings/:mapping/pins',
      status: 201,
      reply: cannedPin,
    },
    {
      method: 'POST',
      url: '/v1/filesystems/:fs/files/:file/punch-hole',
      status: 202,
      reply: {
        id: 'op_123456',
        op: 'punch-hole',
        owner: null,
        file: 'f1',
        state: 'sleeping',
        step: 'breakLayout',
        sleepingOn: { page: 2, bucket: 74 },
        blockedBy: [{ pin: 'pin_123456', owner: null, kind: 'direct-io', pgoff: 0, heldMs: 1 }],
        submittedAt: '2026-01-01T00:00:00.000Z',
      },
    },
    {
      method: 'DELETE',
      url: '/v1/filesystems/:fs/pins/:pin',
      status: 200,
      reply: { id: 'pin_123456', pagesReleased: 1, heldMs: 3 },
    },
  ],
  expected: [200, 201, 202],
};
