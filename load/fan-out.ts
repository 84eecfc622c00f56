// The cost of sending the same events to many readers, compared with a bare `ws` loop. The loop
// sends exactly the frames that one of our readers got, at the same pace, to as many sockets of the
// same kind. The cost of producing the events is subtracted from ours: the same pins at the same
// pace without readers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Crowd, openReaders } from './crowd.ts';
import { judge } from './goals.ts';
import { median } from './measure.ts';
import { type Api, apiOf, fs, statfs } from './scenario.ts';
import { type Server, startPinhole, startServer } from './server.ts';

const pages = 64;
const rounds = 7;
/** Of a window: what is taken off ours, a second one measures. */
const leastSeconds = 2;
/**
 * Readers, and pins and their ends a second: so few that this process reads as fast as it is
 * written to.
 */
const crowds = [
  { readers: 100, pinsPerSecond: 200 },
  { readers: 1000, pinsPerSecond: 20 },
];

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Cost {
  cpuMs: number;
  frames: number;
  events: number;
  bytes: number;
  seconds: number;
}

async function costOf(
  server: Server,
  crowd: Crowd | null,
  seconds: number,
  work: (seconds: number) => Promise<void>,
): Promise<Cost> {
  const read = () =>
    [
      crowd?.frames() ?? 0,
      crowd?.events() ?? 0,
      crowd?.bytes() ?? 0,
      server.cpuMs(),
      performance.now(),
    ] as const;
  const before = read();
  await work(seconds);
  // What is on its way belongs to it.
  for (let seen = -1; seen !== (crowd?.frames() ?? 0); await wait(100)) seen = crowd?.frames() ?? 0;
  const after = read();
  const [frames, events, bytes, cpuMs, ms] = after.map((value, i) => value - (before[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { frames, events, bytes, cpuMs, seconds: ms / 1000 };
}

/** Pins and unpins at a fixed pace. */
function pinsAt(api: Api, perSecond: number): (seconds: number) => Promise<void> {
  return async (seconds) => {
    const begin = performance.now();
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < perSecond * seconds; i += 1) {
      const early = begin + (i * 1000) / perSecond - performance.now();
      if (early > 1) await wait(early);
      const one = async () => {
        const { id } = await api<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, {
          offset: 0,
          length: pages * 4096,
          access: 'write',
        });
        await api('DELETE', `${fs}/pins/${id}`);
      };
      all.push(one());
    }
    await Promise.all(all);
  };
}

type Timed = { afterMs: number; text: string };

/** What one reader gets, when. */
function recorder(): { take(frame: Buffer): void; from(): void; frames(): Timed[] } {
  let all: { at: number; frame: Buffer }[] = [];
  return {
    take: (frame) => all.push({ at: performance.now(), frame }),
    from() {
      all = [];
    },
    frames: () =>
      all.map(({ at, frame }) => ({ afterMs: at - (all[0]?.at ?? 0), text: frame.toString() })),
  };
}

/** The same frames from a bare loop. */
async function costOfLoop(bare: Server, frames: readonly Timed[], readers: number): Promise<Cost> {
  const crowd = await openReaders(bare.url.replace('http', 'ws'), readers);
  await wait(200);
  const cost = await costOf(bare, crowd, 0, async () => {
    crowd.say('begin');
    const until = performance.now() + (frames.at(-1)?.afterMs ?? 0) + 5000;
    while (crowd.frames() < frames.length * readers && performance.now() < until) await wait(20);
  });
  crowd.close();
  return cost;
}

/** Says whether the loop sent what we did, and did not do it for much less. */
async function compare(
  server: Server,
  readers: number,
  pinsPerSecond: number,
  seconds: number,
): Promise<boolean> {
  const work = pinsAt(apiOf(server.url), pinsPerSecond);
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-frames-'));
  const ours: number[] = [];
  const theirs: number[] = [];
  const ratios: number[] = [];
  let shown: Cost | null = null;
  let same = true;
  const file = join(folder, 'frames.json');
  const bare = await startServer('load/bare-events.ts', { FRAMES: file });
  try {
    // The first one warms both of them.
    for (let round = 0; round <= rounds; round += 1) {
      const alone = await costOf(server, null, seconds, work);
      const recorded = recorder();
      const crowd = await openReaders(
        `${server.url.replace('http', 'ws')}${fs}/events?from=now`,
        readers,
        recorded.take,
      );
      await wait(200);
      recorded.from();
      const cost = await costOf(server, crowd, seconds, work);
      crowd.close();
      await wait(200);
      writeFileSync(file, JSON.stringify(recorded.frames()));
      const loop = await costOfLoop(bare, recorded.frames(), readers);
      same &&= loop.frames === cost.frames && loop.bytes === cost.bytes;
      if (round === 0) continue;
      shown = cost;
      const [mine, its] = [
        ((cost.cpuMs - alone.cpuMs) * 1000) / cost.frames,
        (loop.cpuMs * 1000) / loop.frames,
      ];
      ours.push(mine);
      theirs.push(its);
      ratios.push(its / mine);
    }
  } finally {
    await bare.stop();
    rmSync(folder, { recursive: true });
  }
  if (shown === null) return false;
  const [a, b] = [median(ours), median(theirs)];
  const { events, frames, bytes, seconds: took } = shown;
  console.log(
    `fan-out, ${readers} readers: ${Math.round(events / took)} events/s in ${Math.round(frames / took)} frames/s of ${Math.round(bytes / frames)} B: ` +
      `${a.toFixed(1)} CPU µs a frame, a ws loop with the same frames ${b.toFixed(1)}`,
  );
  if (!same) console.log('THE LOOP SENT OTHER FRAMES');
  return (
    judge([
      {
        what: `ratio of the loop's cost of a frame to ours, ${readers} readers`,
        least: 0.9,
        measured: median(ratios),
      },
    ]) && same
  );
}

/** Says whether everything went as it should, and the goals were met. */
export async function fanOut(seconds: number): Promise<boolean> {
  console.log('\nfan-out: WebSocket readers of one filesystem');
  const server = await startPinhole();
  try {
    const api = apiOf(server.url);
    await api('POST', '/v1/filesystems', statfs);
    await api('POST', `${fs}/files`, { name: 'a', sizeBytes: pages * 4096 });
    await api('POST', `${fs}/files/a/mappings`, {
      offset: 0,
      length: pages * 4096,
      access: 'read-write',
    });
    let good = true;
    for (const { readers, pinsPerSecond } of crowds)
      good =
        (await compare(server, readers, pinsPerSecond, Math.max(leastSeconds, seconds / rounds))) &&
        good;
    return good;
  } finally {
    await server.stop();
  }
}
