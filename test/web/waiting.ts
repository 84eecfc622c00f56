// Filesystems in which somebody waits, for the tests of the views that show it.
import { call } from '../http/start.ts';
import type { TestBrowser } from './browser.ts';

/** A name of a user that must stay text. */
export const hostile = '<img src=x onerror=alert(1)>';

/** A file `a` of 4 pages, of which `owner` has pinned the first one, as pin_1. */
export async function pinned(browser: TestBrowser, name: string, owner: string): Promise<void> {
  const fs = `/v1/filesystems/${name}`;
  await browser.must(201, 'POST', '/v1/filesystems', { name, sizeBytes: 1 << 20 });
  await browser.must(201, 'POST', `${fs}/files`, { name: 'a' });
  const length = 16_384;
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, { offset: 0, length });
  const mapping = { offset: 0, length, access: 'read-write' };
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, mapping);
  const pin = { offset: 0, length: 4096, access: 'write', owner };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, pin);
}

/** It sleeps until the pin is gone. Returns the id of the operation. */
export async function truncated(browser: TestBrowser, name: string, owner: string) {
  const args = { sizeBytes: 0, owner };
  const { json } = await browser.must(
    202,
    'POST',
    `/v1/filesystems/${name}/files/a/truncate`,
    args,
  );
  return json.id as string;
}

/** So many operations queue for the locks of `a`, behind who has them. */
export async function queued(browser: TestBrowser, name: string, count: number): Promise<void> {
  const json = { offset: 0, length: 4096, owner: 'w' };
  const headers = { prefer: 'respond-async, wait=0' };
  for (let n = 0; n < count; n += 1) {
    const url = `/v1/filesystems/${name}/files/a/punch-hole`;
    const { status } = await call(browser.service, 'POST', url, { json, headers });
    if (status !== 202) throw new Error(`${status} for a punch-hole`);
  }
}

/** S01 under wait-for-refs at its deadlock: op_6 is T's punch-hole, op_8 is G's pin. */
export async function deadlocked(browser: TestBrowser, name: string): Promise<void> {
  const story = { name, story: 'S01', strategy: 'wait-for-refs' };
  await browser.must(201, 'POST', '/v1/filesystems', story);
  const told = await browser.must(200, 'GET', '/v1/stories/S01?strategy=wait-for-refs');
  for (const { submit, task } of told.json.steps) {
    const fs = `/v1/filesystems/${name}`;
    if (submit === undefined) {
      await browser.must(200, 'POST', `${fs}/scheduler/step`, { task });
      continue;
    }
    const { on, op, args, owner } = submit;
    const path = 'file' in on ? `files/${on.file}/${op}` : `mappings/${on.mapping}/pins`;
    await browser.must(202, 'POST', `${fs}/${path}`, { ...args, owner });
  }
}

export async function removeAll(browser: TestBrowser): Promise<void> {
  const { json } = await browser.must(200, 'GET', '/v1/filesystems?pageSize=1000');
  for (const { name } of json.items)
    await browser.must(200, 'DELETE', `/v1/filesystems/${name}?force=true`);
}
