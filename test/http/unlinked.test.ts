// ORP: an unlinked file, and a new file with the same name, over HTTP: views and events tell which of
// the two they show.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, must, type Service, start } from './start.ts';

const fs = '/v1/filesystems/c';
let service: Service;

interface Told {
  type: string;
  subject?: string;
  data: { ino?: number; unlinked?: boolean };
}

/** The events after the cursor that pass the filter. */
async function told(query: string): Promise<Told[]> {
  const lines = await must(service, 200, 'GET', `${fs}/events?${query}`, {
    headers: { accept: 'application/x-ndjson' },
  });
  return lines.text
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { events?: Told[] }).events ?? []);
}

beforeAll(async () => {
  service = await start();
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'c', sizeBytes: 1_048_576 },
  });
  for (const mapping of ['map_1', 'map_2']) {
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'seg' } });
    await must(service, 200, 'PUT', `${fs}/files/seg/content?offset=0`, {
      bytes: Buffer.alloc(8192, 97),
    });
    await must(service, 201, 'POST', `${fs}/files/seg/mappings`, {
      json: { offset: 0, length: 8192, access: 'read-write' },
    });
    await must(service, 201, 'POST', `${fs}/mappings/${mapping}/pins`, {
      json: { offset: 0, length: 4096, access: 'read', owner: 'nic' },
    });
    if (mapping === 'map_1') await must(service, 200, 'DELETE', `${fs}/files/seg`);
  }
});
afterAll(() => service.close());

describe('events', () => {
  it('ORP-3 events of the unlinked file are selected by its inode, not by the name', async () => {
    await must(service, 200, 'PUT', `${fs}/mappings/map_1/memory?offset=0`, {
      bytes: Buffer.from('x'),
    });
    const stores = (await told('from=oldest&ino=2')).slice(-3);
    expect(stores.length).toBe(3);
    for (const { subject, data } of stores)
      expect({ subject, ...data }).toMatchObject({ subject: 'inodes/2', ino: 2, unlinked: true });
    const named = await told('from=oldest&file=seg');
    expect(named.every(({ subject }) => subject === 'files/seg')).toBe(true);
    expect(named.every(({ data }) => data.ino === 2 || data.ino === 3)).toBe(true);
    const last = named.findLastIndex(({ data }) => data.ino === 2);
    expect(named[last]?.type).toBe('pinhole.file.unlinked');
  });

  it('a filter by inode follows the file across a rename', async () => {
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'one' } });
    const { ino } = (
      await must(service, 200, 'POST', `${fs}/files/one/rename`, { json: { name: 'two' } })
    ).json;
    await must(service, 200, 'POST', `${fs}/files/two/truncate`, { json: { sizeBytes: 4096 } });
    const subjects = new Set((await told(`from=oldest&ino=${ino}`)).map(({ subject }) => subject));
    expect([...subjects]).toEqual(['files/one', 'files/two']);
  });

  it('an inode that is not a number is refused', async () => {
    const { status, json } = await call(service, 'GET', `${fs}/events?from=oldest&ino=-1`, {
      headers: { accept: 'application/x-ndjson' },
    });
    expect([status, json.errno]).toEqual([400, 'EINVAL']);
  });
});

describe('views', () => {
  it.each(['pages', 'mappings', 'pins', 'locks', 'operations', 'files'])(
    'ORP-2 %s takes ino',
    async (name) => {
      const { json } = await must(service, 200, 'GET', `${fs}/${name}?ino=2`);
      expect(Array.isArray(json.items)).toBe(true);
      for (const item of json.items)
        expect(item).toMatchObject(
          name === 'files' ? { ino: 2, nlink: 0 } : { ino: 2, unlinked: true },
        );
    },
  );

  it('ORP-2 no two pages are alike', async () => {
    const { json } = await must(service, 200, 'GET', `${fs}/pages?pinned=true`);
    expect(
      json.items.map(({ file, ino, pgoff, unlinked }: Record<string, unknown>) => [
        file,
        ino,
        pgoff,
        unlinked,
      ]),
    ).toEqual([
      ['seg', 2, 0, true],
      ['seg', 3, 0, undefined],
    ]);
    expect((await must(service, 200, 'GET', `${fs}/pages?file=seg`)).json.items).toHaveLength(2);
  });
});
