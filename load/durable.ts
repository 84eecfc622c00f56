// The cost of durability: the same load on a server with a journal and on one without, in turns.
// For comparison, the cost of the same store for a bare Fastify that only stores its requests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './goals.ts';
import { drive, type Measured, median, middle } from './measure.ts';
import { pinUnpin } from './pin-unpin.ts';
import { type Api, apiOf } from './scenario.ts';
import { type Server, startPinhole, startServer } from './server.ts';

const connections = 50;
/** Shorter, and what is measured is a compiler at work. */
const warmUpSeconds = 5;

/** One process is not like the next: what its compiler chose in the first seconds stays. */
const pairs = 5;

interface Kind {
  name: string;
  /** With its data in `folder`, or without a disk. */
  start(folder: string | null): Promise<Server>;
  api(server: Server): Api;
}

const pinhole: Kind = {
  name: 'pinhole',
  start: (folder) =>
    startPinhole(folder === null ? {} : { PINHOLE_VOLATILE: '0', PINHOLE_DATA_DIR: folder }),
  api: ({ url }) => apiOf(url),
};

const bare: Kind = {
  name: 'bare',
  start: (folder) =>
    startServer('load/bare.ts', {
      BARE: JSON.stringify(pinUnpin.bare),
      ...(folder === null ? {} : { BARE_JOURNAL: folder }),
    }),
  // It has nothing to prepare.
  api: () => async () => null as never,
};

type Rounds = [kept: Measured[], lost: Measured[]];

/**
 * A fresh server with a disk and one without, measured in turns: neighbours in time meet the same
 * machine.
 */
async function measurePair(kind: Kind, seconds: number, turns: number): Promise<Rounds> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
  const servers = [await kind.start(folder), await kind.start(null)] as const;
  try {
    const calls = await Promise.all(servers.map((server) => pinUnpin.prepare(kind.api(server))));
    const measured: Rounds = [[], []];
    for (const _ of [1, 2])
      for (const which of [0, 1] as const)
        await drive(servers[which], calls[which] ?? [], connections, warmUpSeconds);
    for (let turn = 0; turn < turns; turn += 1) {
      // Each goes first as often as the other.
      for (const which of turn % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        measured[which].push(await drive(servers[which], calls[which] ?? [], connections, seconds));
      }
    }
    return measured;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  }
}

/**
 * The ratio of the requests/s with a disk to those without; each of the `turns` of a pair lasts
 * `seconds` on either server.
 */
async function compare(
  kind: Kind,
  seconds: number,
  turns: number,
): Promise<{ ratio: number; expected: boolean }> {
  const measured: Rounds = [[], []];
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const [kept, lost] = await measurePair(kind, seconds, turns);
    measured[0].push(...kept);
    measured[1].push(...lost);
    const now = kept.map(
      (one, turn) => one.requestsPerSecond / (lost[turn]?.requestsPerSecond ?? Number.NaN),
    );
    console.log(`${kind.name}: ratios ${now.map((one) => one.toFixed(2)).join(' ')}`);
    ratios.push(...now);
  }
  const [kept, lost] = [middle(measured[0]), middle(measured[1])];
  for (const [name, m] of [
    ['durable', kept],
    ['volatile', lost],
  ] as const) {
    console.log(
      `${kind.name} ${name.padEnd(10)}${Math.round(m.requestsPerSecond)} requests/s, p50 ${m.p50Ms} ms, p99 ${m.p99Ms} ms, ${m.cpuMicros.toFixed(1)} µs of a processor`,
    );
  }
  const statuses = [kept, lost].flatMap((one) => [...one.statuses.keys()]);
  return {
    ratio: median(ratios),
    expected: statuses.every((status) => pinUnpin.expected.includes(status)),
  };
}

/** Says whether every answer was one of the scenario, and the goal was met. */
export async function durable(seconds: number, turns: number): Promise<boolean> {
  console.log(
    `\ndurable: ${pinUnpin.doc}; ${connections} connections; ${pairs} pairs of servers, ${turns} turns with a disk and without`,
  );
  const theirs = await compare(bare, seconds, turns);
  const ours = await compare(pinhole, seconds, turns);
  console.log(
    `ratio of durable to volatile of a bare Fastify with the same store: ${theirs.ratio.toFixed(2)}`,
  );
  const met = judge([
    { what: 'requests/s, ratio of durable to volatile', least: 0.85, measured: ours.ratio },
  ]);
  return met && ours.expected && theirs.expected;
}
