// The page in Chromium: bytes of the first view, time to its first useful paint, frame times under
// events with 10,000 pages and 200 sleepers, and long tasks when a device of 64 GiB opens. Printed,
// not judged: a browser's times depend on the machine more than on the page.
import { chromium, type Page } from 'playwright-core';
import { firstViewBytes } from './first-view.ts';
import { type Api, apiOf } from './scenario.ts';
import { root, startPinhole } from './server.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const MiB = 1024 ** 2;
const sleepers = 200;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function bytes(): void {
  for (const view of ['home', 'machine']) {
    const files = firstViewBytes(`${root}dist/web`, view);
    const sum = files.reduce((all, file) => all + file.bytes, 0);
    console.log(
      `  ${view}: ${(sum / 1000).toFixed(1)} kB of gzipped script in ${files.length} files`,
    );
  }
}

/** A file whose 10,000 pages are mapped, 200 files of a page each, pinned, and truncated. */
async function crowd(api: Api): Promise<void> {
  const fs = '/v1/filesystems/crowd';
  const strategy = { name: 'break-layouts', idleRule: 'fixed' };
  await api('POST', '/v1/filesystems', { name: 'crowd', sizeBytes: 64 * MiB, strategy });
  const length = 10_000 * 4096;
  await api('POST', `${fs}/files`, { name: 'large' });
  await api('POST', `${fs}/files/large/allocate`, { offset: 0, length });
  await api('POST', `${fs}/files/large/mappings`, { offset: 0, length, access: 'read-write' });
  for (let n = 0; n < sleepers; n += 1) {
    const file = `${fs}/files/f${n}`;
    await api('POST', `${fs}/files`, { name: `f${n}` });
    await api('POST', `${file}/allocate`, { offset: 0, length: 4096 });
    const range = { offset: 0, length: 4096, access: 'read-write' };
    const { id } = await api<{ id: string }>('POST', `${file}/mappings`, range);
    const pin = { offset: 0, length: 4096, access: 'write', owner: `dev${n}` };
    await api('POST', `${fs}/mappings/${id}/pins`, pin);
  }
  const truncate = { sizeBytes: 0, timeoutMs: 3_600_000 };
  await Promise.all(
    Array.from({ length: sleepers }, (_, n) =>
      api('POST', `${fs}/files/f${n}/truncate`, { ...truncate, owner: `t${n}` }),
    ),
  );
}

/** Pins and unpins, about eight events each, so that there are about 2,000 events a second. */
function traffic(api: Api) {
  const fs = '/v1/filesystems/crowd';
  let over = false;
  const work = async (n: number) => {
    while (!over) {
      const pin = { offset: 4096 * n, length: 4096, access: 'write', owner: `w${n}` };
      const { id } = await api<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, pin);
      await api('DELETE', `${fs}/pins/${id}`);
      await wait(16);
    }
  };
  const workers = Array.from({ length: 8 }, (_, n) => work(n));
  return async () => {
    over = true;
    await Promise.all(workers);
  };
}

/** In the page: the times between frames, and the tasks over 50 ms, for so long. */
const watchFrames = (page: Page, ms: number) =>
  page.evaluate(`(async () => {
    const long = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) long.push(duration);
    }).observe({ type: 'longtask', buffered: true });
    const frames = [];
    const end = performance.now() + ${ms};
    let last = performance.now();
    while (last < end) {
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - last);
      last = now;
    }
    return { frames, long };
  })()`) as Promise<{ frames: number[]; long: number[] }>;

const at = (values: readonly number[], part: number): string =>
  ([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0).toFixed(1);

function told(what: string, { frames, long }: { frames: number[]; long: number[] }): void {
  console.log(
    `  ${what}: frames p50 ${at(frames, 0.5)} ms, p99 ${at(frames, 0.99)} ms, at most ` +
      `${at(frames, 1)} ms; ${long.length} tasks over 50 ms, the longest ${at(long, 1)} ms`,
  );
}

export async function page(): Promise<boolean> {
  console.log('\npage: in Chromium');
  bytes();
  const server = await startPinhole();
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic'];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const api = apiOf(server.url);
    const open = async (path: string, shows: string) => {
      const tab = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await tab.goto(`${server.url}${path}`);
      await tab.getByText(shows).filter({ visible: true }).first().waitFor();
      const ms = Number(await tab.evaluate('performance.now()'));
      return { tab, ms };
    };
    const first = await open('/ui/', 'Start with a story');
    console.log(`  first useful paint of Home after ${first.ms.toFixed(0)} ms`);
    await crowd(api);
    for (const [path, shows] of [
      ['/ui/fs/crowd', 'live'],
      ['/ui/fs/crowd/device', 'live'],
      ['/ui/fs/crowd/events', 'live'],
    ] as const) {
      const { tab, ms } = await open(path, shows);
      const stop = traffic(api);
      await wait(1000);
      const before = await eventsSent(server.url);
      const watched = await watchFrames(tab, 5000);
      const rate = ((await eventsSent(server.url)) - before) / 5;
      await stop();
      await tab.close();
      told(`${path} after ${ms.toFixed(0)} ms, under ${rate.toFixed(0)} events/s`, watched);
    }
    await api('POST', '/v1/filesystems', { name: 'huge', sizeBytes: 64 * 1024 * MiB });
    const huge = await open('/ui/fs/huge/device', 'live');
    told(`a device of 64 GiB after ${huge.ms.toFixed(0)} ms`, await watchFrames(huge.tab, 3000));
    return true;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** How many events the only open stream has got. */
async function eventsSent(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^pinhole_stream_events_sent_total (\S+)$/m.exec(text)?.[1]);
}
