// The cost of a scrape with 10,000 filesystems: its duration, and the longest pause of the server's
// event loop.
import { judge } from './goals.ts';
import { apiOf } from './scenario.ts';
import { startPinhole } from './server.ts';

const filesystems = 10_000;
const scrapes = 30;
/** Filesystems that change between two scrapes. */
const changes = 200;
/** The watch of the event loop is a timer, and its own interval is part of what it says. */
const watchMs = 10;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Of a sample in the text format. */
const sampleOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);

/** Says whether every scrape was answered in full, and the goals were met. */
export async function scrape(): Promise<boolean> {
  const small = { PINHOLE_RING_EVENTS_MAX: '16', PINHOLE_TENANT_RING_EVENTS_MAX: '16' };
  const server = await startPinhole({ PINHOLE_QUOTA_FILESYSTEMS: String(filesystems), ...small });
  try {
    const api = apiOf(server.url);
    for (let i = 0; i < filesystems; i += 100) {
      const made = Array.from({ length: 100 }, (_, n) =>
        api('POST', '/v1/filesystems', { name: `fs-${i + n}`, sizeBytes: 65_536 }),
      );
      await Promise.all(made);
    }
    const times: number[] = [];
    const cpu: number[] = [];
    const pauses: number[] = [];
    let complete = true;
    const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
    for (let i = 0; i < scrapes; i += 1) {
      const some = Array.from(
        { length: changes },
        (_, n) => `/v1/filesystems/fs-${(i * changes + n) % filesystems}/files`,
      );
      await Promise.all(some.map((path) => api('POST', path, { name: `file-${i}` })));
      await wait(100);
      const cpuMs = server.cpuMs();
      const begin = performance.now();
      const text = await metrics();
      times.push(performance.now() - begin);
      cpu.push(server.cpuMs() - cpuMs);
      complete &&= sampleOf(text, 'pinhole_filesystems') === filesystems;
      await wait(200);
      // Of the time since the scrape before, in which there was nothing but that.
      pauses.push(sampleOf(await metrics(), 'nodejs_eventloop_lag_max_seconds') * 1000 - watchMs);
    }
    const at = (values: number[], part: number) =>
      [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN;
    const p = (values: number[], part: number) => at(values, part).toFixed(1);
    console.log(
      `\nscrape: ${filesystems} filesystems, of which ${changes} changed since the last time, ${scrapes} times: p50 ${p(times, 0.5)} ms, p90 ${p(times, 0.9)} ms, at least ${p(times, 0)} ms; ` +
        `${(cpu.reduce((sum, one) => sum + one, 0) / scrapes).toFixed(1)} ms of a processor; longest pause of the event loop p50 ${p(pauses, 0.5)} ms, at most ${p(pauses, 1)} ms`,
    );
    const good = judge([
      { what: 'a scrape, p50', most: 10, measured: at(times, 0.5), unit: 'ms' },
      {
        what: 'the longest pause of the event loop',
        most: 20,
        measured: at(pauses, 1),
        unit: 'ms',
      },
    ]);
    return good && complete;
  } finally {
    await server.stop();
  }
}
