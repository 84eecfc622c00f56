// A filesystem that begins with the state of another one, or of a bundle, is written in several
// commits. Whatever a crash leaves of them, the next start has all of it or nothing.
import { expect, test } from 'vitest';
import { journalKeys } from '../../src/durable/keys.ts';
import { readWorld } from '../../src/durable/read.ts';
import { withoutEvents } from '../../src/durable/replay.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import type { Change, Done } from '../../src/journal/store.ts';
import { call, must, type Service, start } from '../http/start.ts';

type Commit = [id: string | null, changes: readonly Change[], records: readonly Change[]];

/** Records every commit. */
class RecordingStore extends MemoryStore {
  readonly commits: Commit[] = [];

  override take(
    id: string | null,
    changes: readonly Change[],
    records: readonly Change[],
    done: Done,
  ): void {
    this.commits.push([id, changes, records]);
    super.take(id, changes, records, done);
  }
}

async function serve(store: MemoryStore): Promise<Service> {
  return start({}, { openStore: async () => store });
}

async function withFiles(service: Service): Promise<void> {
  const json = { name: 'a', sizeBytes: 2 ** 20, clock: 'manual' };
  await must(service, 201, 'POST', '/v1/filesystems', { json });
  for (let i = 0; i < 70; i += 1)
    await must(service, 201, 'POST', '/v1/filesystems/a/files', { json: { name: `f${i}` } });
  await must(service, 200, 'PUT', '/v1/filesystems/a/files/f0/content', { bytes: 'content' });
}

const begin = {
  fork: (service: Service) =>
    must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'b', from: { filesystem: 'a' } },
    }),
  bundle: async (service: Service) => {
    const { bytes } = await must(service, 200, 'GET', '/v1/filesystems/a/bundle');
    const headers = { 'content-type': 'application/vnd.pinhole.bundle' };
    await must(service, 201, 'POST', '/v1/filesystems?name=b', { bytes, headers });
  },
};

test.each(['fork', 'bundle'] as const)('a crash while a %s is written', async (kind) => {
  const store = new RecordingStore();
  const service = await serve(store);
  await withFiles(service);
  const first = store.commits.length;
  await begin[kind](service);
  const { commits } = store;
  const id = service.engine.find('default', 'b')?.id ?? '';
  await service.close();
  let whole = 0;
  for (let n = first; n <= commits.length; n += 1) {
    const left = new MemoryStore();
    for (const [of, changes, records] of commits.slice(0, n))
      left.take(of, changes, records, () => {});
    const world = await readWorld(left, { ...withoutEvents, nowMs: 0 });
    const names = world.filesystems.map(({ birth }) => birth.args.name).sort();
    expect(world.unrecovered).toEqual([]);
    const isThere = names.includes('b');
    expect(names).toEqual(isThere ? ['a', 'b'] : ['a']);
    if (isThere) whole += 1;
    const written = (await left.journals(['fs', 'gone', 'c', 's', 'j'])).has(id);
    // What a crash left is deleted by the next start.
    expect(world.gone).toEqual(written && !isThere ? [id] : []);
    if (written && !isThere && n % 2 === 0) {
      const again = await serve(left);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await call(again, 'GET', '/v1/filesystems/b')).status).toBe(404);
      await begin.fork(again);
      await again.close();
      expect(await left.journal(id).get(journalKeys.gone)).toBeNull();
    }
  }
  expect(whole).toBeGreaterThan(0);
  expect(whole).toBeLessThan(commits.length - first);
});
