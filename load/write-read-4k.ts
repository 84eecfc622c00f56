// Writes 4 KiB and reads them back.
import { fs, type Scenario, statfs } from './scenario.ts';

export const writeRead: Scenario = {
  name: 'write-read-4k',
  doc: 'PUT 4 KiB at an offset, GET them with a Range',
  async prepare(api) {
    await api('POST', '/v1/filesystems', statfs);
    await api('POST', `${fs}/files`, { name: 'a', sizeBytes: 1024 * 1024 });
    return Array.from({ length: 16 }, (_, page) => [
      {
        method: 'PUT' as const,
        path: `${fs}/files/a/content?offset=${page * 4096}`,
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.alloc(4096, page),
      },
      {
        method: 'GET' as const,
        path: `${fs}/files/a/content`,
        headers: { range: `bytes=${page * 4096}-${page * 4096 + 4095}` },
      },
    ]).flat();
  },
  bare: [
    {
      method: 'PUT',
      url: '/v1/filesystems/:fs/files/:file/content',
      status: 200,
      reply: { bytesWritten: 4096, sizeBytes: 1_048_576 },
    },
    { method: 'GET', url: '/v1/filesystems/:fs/files/:file/content', status: 206, reply: 4096 },
  ],
  expected: [200, 206],
};
