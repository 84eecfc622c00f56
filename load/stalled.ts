// Readers that do not read: what they add to the memory of the server and to the waits of others.
// The same load runs without and then with them, equally long, on one server whose heap and logs
// have reached their normal size.
import { WebSocket } from 'ws';
import { judge } from './goals.ts';
import { type Api, apiOf, fs } from './scenario.ts';
import { type Server, startPinhole } from './server.ts';
import { closeCode, stalledReader } from './stalled-reader.ts';

const pages = 100;
const eventsPerSecond = 10_000;
const stalledReaders = 200;
const healthyReaders = 4;
const windowSeconds = 60;
const warmSeconds = 30;
/** Each has pages of its own: two pins of one page would make it idle once. */
const roundsAtOnce = 20;
const MiB = 1024 * 1024;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const p99 = (values: number[]): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;

/** Readers that say how late each event was, by its own time, and whether one was missing. */
function openHealthy(url: string): { lateMs(): number[]; events(): number; dense(): boolean } {
  let late: number[] = [];
  let events = 0;
  let dense = true;
  for (let i = 0; i < healthyReaders; i += 1) {
    let last = 0;
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('close', () => {
      dense = false;
    });
    socket.on('message', (data: Buffer) => {
      // Parsing every frame would measure this process: the first event says where the frame
      // begins, its cursor where it ends.
      const found =
        /"cursor":"\w+\.(\d+)","events":\[\{"specversion":"1.0","id":"[^"]+","seq":(\d+),.*?"time":"([^"]+)"/.exec(
          data.toString('latin1', 0, 600),
        );
      if (found === null) return;
      const [end, begin] = [Number(found[1]), Number(found[2])];
      dense &&= last === 0 || begin === last + 1;
      last = end;
      events += end - begin + 1;
      late.push(Date.now() - Date.parse(found[3] ?? ''));
    });
  }
  return {
    lateMs() {
      const all = late;
      late = [];
      return all;
    },
    events: () => events / healthyReaders,
    dense: () => dense,
  };
}

interface Window {
  eventsPerSecond: number;
  /** Means over the window; RSS at its highest, too. */
  peakMiB: number;
  meanMiB: number;
  lateMs: number;
  requestMs: number;
}

/** So many events at their pace. A pin and its end make one for each page, and some more. */
async function run(
  server: Server,
  api: Api,
  healthy: ReturnType<typeof openHealthy>,
  seconds: number,
): Promise<Window> {
  healthy.lateMs();
  const before = healthy.events();
  const begin = performance.now();
  const tookMs: number[] = [];
  const resident: number[] = [];
  const flying = new Set<Promise<void>>();
  const places = Array.from({ length: roundsAtOnce }, (_, i) => i * pages * 4096);
  const round = async (offset: number) => {
    const asked = performance.now();
    const { id } = await api<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, {
      offset,
      length: pages * 4096,
      access: 'write',
    });
    await api('DELETE', `${fs}/pins/${id}`);
    tookMs.push(performance.now() - asked);
    places.push(offset);
  };
  let rounds = 0;
  for (let ms = 0; ms < seconds * 1000; ms = performance.now() - begin) {
    const due = Math.floor((ms / 1000) * (eventsPerSecond / pages));
    while (rounds < due) {
      const place = places.pop();
      if (place === undefined) break;
      rounds += 1;
      const one: Promise<void> = round(place).finally(() => flying.delete(one));
      flying.add(one);
    }
    resident.push(server.residentBytes() / MiB);
    await wait(10);
  }
  await Promise.all(flying);
  return {
    eventsPerSecond: (healthy.events() - before) / seconds,
    peakMiB: Math.max(...resident),
    meanMiB: resident.reduce((sum, one) => sum + one, 0) / resident.length,
    lateMs: p99(healthy.lateMs()),
    requestMs: p99(tookMs),
  };
}

const sampleOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);

async function heapOf(server: Server): Promise<string> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const of = (name: string) => (sampleOf(text, name) / MiB).toFixed(0);
  return `heap ${of('nodejs_heap_size_used_bytes')} of ${of('nodejs_heap_size_total_bytes')} MiB, beside it ${of('nodejs_external_memory_bytes')} MiB`;
}

function show(name: string, w: Window, heap: string): void {
  console.log(
    `${name}: ${Math.round(w.eventsPerSecond)} events/s, resident ${w.meanMiB.toFixed(0)} MiB, at the most ${w.peakMiB.toFixed(0)}; ${heap}; ` +
      `p99 of an event ${w.lateMs.toFixed(0)} ms, of a pin and its end ${w.requestMs.toFixed(1)} ms`,
  );
}

/** Says whether the goals were met. */
export async function stalled(): Promise<boolean> {
  console.log(
    `\nstalled: ${stalledReaders} readers that do not read, beside ${healthyReaders} that do`,
  );
  const server = await startPinhole();
  try {
    const api = apiOf(server.url);
    const strategy = { name: 'break-layouts', idleRule: 'fixed' };
    await api('POST', '/v1/filesystems', { name: 'load', sizeBytes: 16 * MiB, strategy });
    const length = roundsAtOnce * pages * 4096;
    await api('POST', `${fs}/files`, { name: 'a', sizeBytes: length });
    await api('POST', `${fs}/files/a/mappings`, { offset: 0, length, access: 'read-write' });
    const events = `${fs}/events?from=now`;
    const healthy = openHealthy(`${server.url.replace('http', 'ws')}${events}`);
    await run(server, api, healthy, warmSeconds);
    const calm = await run(server, api, healthy, windowSeconds);
    show('without', calm, await heapOf(server));

    const crowd = Array.from({ length: stalledReaders }, () => stalledReader(server.url, events));
    // Most of them never read. Some do in the end, to hear what became of them: one by one, so that
    // this process has time for the others.
    const codes = (async () => {
      await wait(15_000);
      const all: number[] = [];
      for (const socket of crowd.slice(0, 20)) all.push(await closeCode(socket));
      return all;
    })();
    const hard = await run(server, api, healthy, windowSeconds);
    show('with', hard, await heapOf(server));
    const heard = await codes;
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const slow = sampleOf(metrics, 'pinhole_stream_disconnects_total{reason="slow-reader"}');
    const told = heard.filter((code) => code === 4413).length;
    for (const socket of crowd) socket.destroy();
    console.log(`${(hard.meanMiB - calm.meanMiB).toFixed(1)} MiB more resident in the mean`);
    const good = judge([
      { what: 'events a second', least: eventsPerSecond, measured: hard.eventsPerSecond },
      {
        what: 'more resident memory, at the most',
        most: 64,
        measured: hard.peakMiB - calm.peakMiB,
        unit: 'MiB',
      },
      {
        what: 'p99 of an event, of that without them',
        most: 2,
        measured: hard.lateMs / calm.lateMs,
      },
      {
        what: 'p99 of a pin and its end, of that without them',
        most: 2,
        measured: hard.requestMs / calm.requestMs,
      },
      { what: 'closed as slow readers', least: stalledReaders, measured: slow },
      { what: 'of those who read on in the end, heard 4413', least: heard.length, measured: told },
    ]);
    if (!healthy.dense()) console.log('A READER THAT READS MISSED AN EVENT');
    return good && healthy.dense();
  } finally {
    await server.stop();
  }
}
