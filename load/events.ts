// How soon a wake-up is at the reader, and how many events reach many readers. The frames of the fan-out are measured against a bare `ws`
// server that sends frames of the same size.
import { WebSocket } from 'ws';
import { type Api, apiOf, fs, statfs } from './scenario.ts';
import { type Server, startPinhole, startServer } from './server.ts';

const pages = 64;

interface Crowd {
  frames(): number;
  events(): number;
  bytes(): number;
  close(): void;
}

function openReaders(url: string, count: number, onFrame?: (text: Buffer) => void): Promise<Crowd> {
  const sockets: WebSocket[] = [];
  let frames = 0;
  let bytes = 0;
  let events = 0;
  const crowd: Crowd = {
    frames: () => frames,
    events: () => events,
    bytes: () => bytes,
    close() {
      for (const socket of sockets) socket.terminate();
    },
  };
  const opened = Array.from({ length: count }, (_, i) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    sockets.push(socket);
    let last = 0;
    socket.on('message', (data: Buffer) => {
      frames += 1;
      bytes += data.length;
      // Parsing every frame would measure this process. The head of a frame tells the position behind its last event.
      const seq = Number(/"cursor":"\w+\.(\d+)"/.exec(data.toString('latin1', 0, 200))?.[1] ?? 0);
      if (last > 0) events += seq - last;
      last = seq;
      if (i === 0) onFrame?.(data);
    });
    return new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
  });
  return Promise.all(opened).then(() => crowd);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function pin(api: Api, length: number): Promise<string> {
  return (await api<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, { offset: 0, length, access: 'write' })).id;
}

/** Unpins under a sleeping punch hole, with other events going on; ms from the request, and from its answer, to the wake-up's frame. */
async function latency(server: Server, readers: number, seconds: number): Promise<void> {
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
    while (going) {
      const id = await pin(api, pages * 4096);
      await api('DELETE', `${fs}/pins/${id}`);
      await wait((pages / 2000) * 1000);
    }
  })();
  const fromRequest: number[] = [];
  const fromAnswer: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const { id } = await api<{ id: string }>('POST', `${fs}/mappings/map_2/pins`, { offset: 0, length: 4096, access: 'write' });
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
  crowd.close();
  const p = (values: number[], part: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * part)]?.toFixed(2);
  console.log(
    `unpin → wake-up, ${readers} readers, ${fromRequest.length} times: from the request p50 ${p(fromRequest, 0.5)} p99 ${p(fromRequest, 0.99)} ms, ` +
      `from its answer p50 ${p(fromAnswer, 0.5)} p99 ${p(fromAnswer, 0.99)} ms`,
  );
}

interface Rate {
  frames: number;
  events: number;
  frameBytes: number;
  cpuMicros: number;
}

async function rateOf(server: Server, crowd: Crowd, seconds: number): Promise<Rate> {
  await wait(300);
  const before = [crowd.frames(), crowd.events(), crowd.bytes(), server.cpuMs()] as const;
  await wait(seconds * 1000);
  const frames = crowd.frames() - before[0];
  return {
    frames: frames / seconds,
    events: (crowd.events() - before[1]) / seconds,
    frameBytes: (crowd.bytes() - before[2]) / Math.max(1, frames),
    cpuMicros: ((server.cpuMs() - before[3]) * 1000) / Math.max(1, frames),
  };
}

/** Pins and unpins from four sides at once, until it is told to stop; then it says how many there were. */
function work(api: Api): () => Promise<number> {
  let going = true;
  let pins = 0;
  const workers = Array.from({ length: 4 }, async () => {
    while (going) {
      await api('DELETE', `${fs}/pins/${await pin(api, pages * 4096)}`);
      pins += 1;
    }
  });
  return async () => {
    going = false;
    await Promise.all(workers);
    return pins;
  };
}

/** Processor time of a pin and its end, with nobody who reads of it. */
async function costOfPins(server: Server, seconds: number): Promise<number> {
  const before = server.cpuMs();
  const stop = work(apiOf(server.url));
  await wait(seconds * 1000);
  const pins = await stop();
  return ((server.cpuMs() - before) * 1000) / pins;
}

async function fanOut(server: Server, readers: number, seconds: number): Promise<void> {
  const api = apiOf(server.url);
  // What makes the events is no part of their fan-out, and nothing that the bare loop has to do.
  const pinMicros = await costOfPins(server, seconds);
  const crowd = await openReaders(`${server.url.replace('http', 'ws')}${fs}/events?from=now`, readers);
  const cpuMs = server.cpuMs();
  const frames = crowd.frames();
  const stop = work(api);
  const ours = await rateOf(server, crowd, seconds);
  const pins = await stop();
  await wait(300);
  const sent = crowd.frames() - frames;
  const micros = ((server.cpuMs() - cpuMs) * 1000 - pins * pinMicros) / Math.max(1, sent);
  crowd.close();
  const bare = await startServer('load/bare-events.ts', {
    FRAME_BYTES: String(Math.round(ours.frameBytes)),
    READERS: String(readers),
  });
  const others = await openReaders(bare.url.replace('http', 'ws'), readers);
  const theirs = await rateOf(bare, others, seconds);
  others.close();
  await bare.stop();
  // With few readers the pins are nearly all of it, and their difference says nothing.
  const alone =
    readers < 100
      ? ''
      : `, ${micros.toFixed(1)} without: ${(theirs.cpuMicros / micros).toFixed(2)} of the bare frames for the same CPU`;
  console.log(
    `fan-out, ${readers} readers: ${Math.round(ours.events)} events/s delivered in ${Math.round(ours.frames)} frames/s of ${Math.round(ours.frameBytes)} B; ` +
      `a ws loop with such frames: ${Math.round(theirs.frames)} frames/s at ${theirs.cpuMicros.toFixed(1)} CPU µs a frame; ` +
      `ours ${ours.cpuMicros.toFixed(1)} with the pins that make the events${alone}`,
  );
}

/** Says whether everything went as it should. */
export async function events(seconds: number): Promise<boolean> {
  console.log('\nevents: WebSocket readers of one filesystem');
  const server = await startPinhole();
  try {
    const api = apiOf(server.url);
    await api('POST', '/v1/filesystems', { ...statfs, strategy: { name: 'break-layouts', idleRule: 'fixed' } });
    for (const name of ['a', 'b']) {
      await api('POST', `${fs}/files`, { name, sizeBytes: pages * 4096 });
      await api('POST', `${fs}/files/${name}/mappings`, { offset: 0, length: pages * 4096, access: 'read-write' });
    }
    for (const readers of [1, 100]) await latency(server, readers, seconds);
    for (const readers of [1, 100, 1000]) await fanOut(server, readers, seconds);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const slow = /disconnects_total\{reason="slow-reader"\} (\d+)/.exec(metrics)?.[1];
    if (slow !== undefined) console.log(`${slow} readers were too slow, because this process was`);
    return true;
  } finally {
    await server.stop();
  }
}
