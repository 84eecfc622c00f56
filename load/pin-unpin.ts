// Every connection pins and unpins one page, over and over.
import { cannedPin, fs, json, type Scenario, statfs } from './scenario.ts';

const pages = 256;

export const pinUnpin: Scenario = {
  name: 'pin-unpin',
  doc: 'POST a pin of one page, DELETE it',
  async prepare(api) {
    await api('POST', '/v1/filesystems', statfs);
    await api('POST', `${fs}/files`, { name: 'a', sizeBytes: pages * 4096 });
    await api('POST', `${fs}/files/a/mappings`, {
      offset: 0,
      length: pages * 4096,
      access: 'read-write',
    });
    return [
      {
        method: 'POST',
        path: `${fs}/mappings/map_1/pins`,
        headers: json,
        body: JSON.stringify({ offset: 0, length: 4096, access: 'write' }),
        learn(turn, body) {
          turn.id = (JSON.parse(body) as { id: string }).id;
        },
      },
      { method: 'DELETE', path: ({ id }) => `${fs}/pins/${id}` },
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
      method: 'DELETE',
      url: '/v1/filesystems/:fs/pins/:pin',
      status: 200,
      reply: { id: 'pin_123456', pagesReleased: 1, heldMs: 3 },
    },
  ],
  expected: [200, 201],
};
