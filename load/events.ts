// How long a wake-up takes to reach a reader.
import { openReaders } from './crowd.ts';
import { judge } from './goals.ts';
import { type Api, apiOf, fs, statfs } from './scenario.ts';
import { type Server, startPinhole } from './server.ts';

const pages = 64;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function pin(api: Api, length: number): Promise<string> {
  return (
    await api<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, {
      offset: 0,
      length,
      access: 'write',
    })
  ).id;
}

/**
 * Unpins under a sleeping punch hole, with other events going on; ms from the request, and from its
 * answer, to the wake-up's frame. Says whether that was soon enough.
 */
async function latency(server: Server, readers: number, seconds: number): Promise<boolean> {
  const api = apiOf(server.url);
  const socket = `${server.url.replace('http', 'ws')}${fs}/events?from=now`;
  let awaited: { type: string; seen: () => void } | null = null;
  const crowd = await openReaders(socket, readers, (data) => {
    if (awaited === null || !data.includes(awaited.type)) return;
    const { seen } = awaited;
    awaited = null;
    seen();
  });
  const next = (type: string) =>
    new Promise<number>((resolve) => {
      awaited = { type, seen: () => resolve(performance.now()) };
    });
  let going = true;
  // 2,000 events/s beside it: a pin and its end are two commands with an event for each page.
  const background = (async () => {
    const from = performance.now();
    for (let i = 1; going; i += 1) {
      const id = await pin(api, pages * 4096);
      await api('DELETE', `${fs}/pins/${id}`);
      await wait(Math.max(0, from + (i * pages * 1000) / 2000 - performance.now()));
    }
  })();
  const fromRequest: number[] = [];
  const fromAnswer: number[] = [];
  const [begin, before] = [performance.now(), crowd.events()];
  const end = begin + seconds * 1000;
  while (performance.now() < end) {
    const { id } = await api<{ id: string }>('POST', `${fs}/mappings/map_2/pins`, {
      offset: 0,
      length: 4096,
      access: 'write',
    });
    const asleep = next('pinhole.task.blocked');
    const punch = api('POST', `${fs}/files/b/punch-hole`, { offset: 0, length: 4096 });
    await asleep;
    const woken = next('pinhole.waitqueue.wakeup');
    const asked = performance.now();
    await api('DELETE', `${fs}/pins/${id}`);
    const answered = performance.now();
    const at = await woken;
    await punch;
    fromRequest.push(at - asked);
    fromAnswer.push(Math.max(0, at - answered));
  }
  going = false;
  await background;
  const rate = ((crowd.events() - before) / readers / (performance.now() - begin)) * 1000;
  crowd.close();
  const at = (values: number[], part: number) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
  const p = (values: number[], part: number) => at(values, part).toFixed(2);
  console.log(
    `unpin → wake-up, ${readers} readers, ${fromRequest.length} times: from the request p50 ${p(fromRequest, 0.5)} p99 ${p(fromRequest, 0.99)} ms, ` +
      `from its answer p50 ${p(fromAnswer, 0.5)} p99 ${p(fromAnswer, 0.99)} ms`,
  );
  return judge([
    { what: `events a second, ${readers} readers`, least: 2000, measured: rate },
    {
      what: `unpin answered → wake-up at the reader, p99, ${readers} readers`,
      most: 5,
      measured: at(fromAnswer, 0.99),
      unit: 'ms',
    },
  ]);
}

/** Says whether the goals were met. */
export async function events(seconds: number): Promise<boolean> {
  console.log('\nevents: WebSocket readers of one filesystem');
  const server = await startPinhole();
  try {
    const api = apiOf(server.url);
    await api('POST', '/v1/filesystems', {
      ...statfs,
      strategy: { name: 'break-layouts', idleRule: 'fixed' },
    });
    for (const name of ['a', 'b']) {
      await api('POST', `${fs}/files`, { name, sizeBytes: pages * 4096 });
      await api('POST', `${fs}/files/${name}/mappings`, {
        offset: 0,
        length: pages * 4096,
        access: 'read-write',
      });
    }
    let good = true;
    for (const readers of [1, 100]) good = (await latency(server, readers, seconds)) && good;
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const slow = /disconnects_total\{reason="slow-reader"\} (\d+)/.exec(metrics)?.[1];
    if (slow !== undefined) console.log(`${slow} readers were too slow, because this process was`);
    return good;
  } finally {
    await server.stop();
  }
}
