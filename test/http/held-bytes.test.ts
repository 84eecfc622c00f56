// Memory that is reserved for request bodies and replies is released however the exchange ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Service } from '../../src/server.ts';
import { must, start } from './start.ts';

const MiB = 2 ** 20;
const fs = '/v1/filesystems/scratch';
let service: Service;
let base: string;

beforeEach(async () => {
  service = await start({ quotaMemory: 64 * MiB });
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 64 * MiB },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: 8 * MiB } });
  base = await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => service.close());

const held = async () => {
  const { json } = await must(service, 200, 'GET', '/v1');
  return (
    (json.tenant.quotas.memory as { used: number }).used +
    (service.context.tenants.get('default')?.account.reserved.memory ?? 0)
  );
};

it('of readers that go away before, while and after they are answered', async () => {
  const before = await held();
  for (let i = 0; i < 40; i++) {
    const gone = new AbortController();
    const answer = fetch(`${base}${fs}/files/a/content`, { signal: gone.signal });
    if (i % 3 === 0) await answer;
    else await sleep(i % 3);
    gone.abort();
    await answer.catch(() => {});
  }
  for (let tries = 0; (await held()) > before + MiB && tries < 100; tries++) await sleep(50);
  expect(await held()).toBeLessThan(before + MiB);
});

it('of writers that go away in the middle of their body', async () => {
  const before = await held();
  for (let i = 0; i < 20; i++) {
    const gone = new AbortController();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(100_000)),
    });
    const how = {
      method: 'PUT',
      body,
      duplex: 'half',
      signal: gone.signal,
      headers: { 'content-type': 'application/octet-stream' },
    };
    const answer = fetch(`${base}${fs}/files/a/content?offset=0`, how as RequestInit);
    await sleep(5);
    gone.abort();
    await answer.catch(() => {});
  }
  for (let tries = 0; (await held()) > before + MiB && tries < 100; tries++) await sleep(50);
  expect(await held()).toBeLessThan(before + MiB);
});
