// What durability costs: the same load on a server that keeps everything and on one that keeps nothing, in turns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './goals.ts';
import { drive, type Measured, median, middle } from './measure.ts';
import { pinUnpin } from './pin-unpin.ts';
import { apiOf } from './scenario.ts';
import { startPinhole } from './server.ts';

const connections = 50;
/** Shorter, and what is measured is a compiler at work. */
const warmUpSeconds = 5;

/** One process is not like the next: what its compiler chose in the first seconds stays. */
const pairs = 5;

type Rounds = [kept: Measured[], lost: Measured[]];

/** A fresh server of either kind, measured in turns: neighbours in time meet the same machine. */
async function measurePair(seconds: number, turns: number): Promise<Rounds> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
  const servers = [await startPinhole({ PINHOLE_VOLATILE: '0', PINHOLE_DATA_DIR: folder }), await startPinhole()] as const;
  try {
    const calls = await Promise.all(servers.map((server) => pinUnpin.prepare(apiOf(server.url))));
    const measured: Rounds = [[], []];
    for (const _ of [1, 2])
      for (const which of [0, 1] as const) await drive(servers[which], calls[which] ?? [], connections, warmUpSeconds);
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

/** Each of the `turns` of a pair lasts `seconds` on either server. Says whether every answer was one of the scenario, and the goal was met. */
export async function durable(seconds: number, turns: number): Promise<boolean> {
  console.log(
    `\ndurable: ${pinUnpin.doc}; ${connections} connections; ${pairs} pairs of servers, ${turns} turns with a disk and without`,
  );
  const measured: Rounds = [[], []];
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const [kept, lost] = await measurePair(seconds, turns);
    measured[0].push(...kept);
    measured[1].push(...lost);
    const now = kept.map((one, turn) => one.requestsPerSecond / (lost[turn]?.requestsPerSecond ?? Number.NaN));
    console.log(`ratios ${now.map((one) => one.toFixed(2)).join(' ')}`);
    ratios.push(...now);
  }
  const [kept, lost] = [middle(measured[0]), middle(measured[1])];
  for (const [name, m] of [
    ['durable', kept],
    ['volatile', lost],
  ] as const) {
    console.log(
      `${name.padEnd(10)}${Math.round(m.requestsPerSecond)} requests/s, p50 ${m.p50Ms} ms, p99 ${m.p99Ms} ms, ${m.cpuMicros.toFixed(1)} µs of a processor`,
    );
  }
  const met = judge([{ what: 'requests/s, ratio of durable to volatile', least: 0.85, measured: median(ratios) }]);
  return met && [kept, lost].every(({ statuses }) => [...statuses.keys()].every((status) => pinUnpin.expected.includes(status)));
}
