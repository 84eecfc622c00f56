// A tenant that is deleted with force is there with everything, or it goes with everything: also if
// the server is killed while it does that.
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { dose } from '../dose.ts';
import { call, freshFolder, must, type Server, start } from './process.ts';

const filesystems = 40;
const team = '/v1/tenants/team';

async function populate(server: Server): Promise<Record<string, string>> {
  await must(server, 'POST', '/v1/tenants', { name: 'team' });
  const { token } = (await must(server, 'POST', `${team}/tokens`, {})).json;
  const headers = { authorization: `Bearer ${token}` };
  for (let i = 0; i < filesystems; i += 1)
    await must(server, 'POST', '/v1/filesystems', { name: `f${i}`, sizeBytes: 65_536 }, headers);
  return headers;
}

/** What is left of the tenant: everything, or nothing. */
async function outcomeOf(server: Server, headers: Record<string, string>) {
  const list = await call(server, 'GET', '/v1/filesystems?pageSize=100', undefined, headers);
  if (list.status === 200) {
    expect(list.json.items).toHaveLength(filesystems);
    expect((await must(server, 'GET', team)).json.leaving).toBeUndefined();
    return 'all';
  }
  expect(list.status).toBe(401);
  await expect
    .poll(async () => (await call(server, 'GET', team)).status, { timeout: 60_000 })
    .toBe(404);
  return 'none';
}

/** The kill is so long after the request. Without a number it waits for the audit line. */
async function killDuring(delayMs: number | null): Promise<{ outcome: string; answered: boolean }> {
  const folder = freshFolder();
  const first = await start(folder);
  const headers = await populate(first);
  const deletion = call(first, 'DELETE', `${team}?force=true`).catch(() => null);
  if (delayMs !== null) await setTimeout(delayMs);
  else await expect.poll(() => first.out(), { interval: 1 }).toContain('"phase":"begun"');
  await first.kill();
  const answered = (await deletion)?.status === 200;
  const second = await start(folder);
  const outcome = await outcomeOf(second, headers);
  // The name is free again as soon as the removal is on the disk, or still taken.
  const again = async () => (await call(second, 'POST', '/v1/tenants', { name: 'team' })).status;
  if (outcome === 'none') await expect.poll(again, { timeout: 60_000 }).toBe(201);
  else expect(await again()).toBe(409);
  if (outcome === 'none' && !answered && second.out().includes('"phase":"continued"'))
    expect(second.out()).toContain('"phase":"ended"');
  await second.kill();
  const third = await start(folder);
  const list = await call(third, 'GET', '/v1/filesystems', undefined, headers);
  expect(list.status).toBe(outcome === 'none' ? 401 : 200);
  await third.kill();
  return { outcome, answered };
}

const delays = Array.from({ length: dose(3, 30) }, (_, i) => (i * 7) % 60);

it('a tenant goes with everything, or stays with everything', { timeout: 600_000 }, async () => {
  for (const delay of [null, ...delays]) {
    const { outcome, answered } = await killDuring(delay);
    if (answered || delay === null) expect(outcome).toBe('none');
  }
});
