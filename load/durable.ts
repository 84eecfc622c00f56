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

/** Each of `turns` lasts `seconds` on either server. Says whether every answer was one of the scenario, and the goal was met. */
export async function durable(seconds: number, turns: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
  const servers = [await startPinhole({ PINHOLE_VOLATILE: '0', PINHOLE_DATA_DIR: folder }), await startPinhole()] as const;
  try {
    const calls = await Promise.all(servers.map((server) => pinUnpin.prepare(apiOf(server.url))));
    const measured: [Measured[], Measured[]] = [[], []];
    for (const _ of [1, 2])
      for (const which of [0, 1] as const) await drive(servers[which], calls[which] ?? [], connections, warmUpSeconds);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const which of [0, 1] as const) {
        measured[which].push(await drive(servers[which], calls[which] ?? [], connections, seconds));
      }
    }
    const [kept, lost] = [middle(measured[0]), middle(measured[1])];
    console.log(`\ndurable: ${pinUnpin.doc}; ${connections} connections; ${turns} turns with a disk and without`);
    for (const [name, m] of [
      ['durable', kept],
      ['volatile', lost],
    ] as const) {
      console.log(
        `${name.padEnd(10)}${Math.round(m.requestsPerSecond)} requests/s, p50 ${m.p50Ms} ms, p99 ${m.p99Ms} ms, ${m.cpuMicros.toFixed(1)} µs of a processor`,
      );
    }
    // Of neighbours in time: the machine is not the same for long.
    const ratios = measured[0].map((one, turn) => one.requestsPerSecond / (measured[1][turn]?.requestsPerSecond ?? Number.NaN));
    console.log(`ratios ${ratios.map((one) => one.toFixed(2)).join(' ')}`);
    const met = judge([{ what: 'requests/s, ratio of durable to volatile', least: 0.85, measured: median(ratios) }]);
    return (
      met && [kept, lost].every(({ statuses }) => [...statuses.keys()].every((status) => pinUnpin.expected.includes(status)))
    );
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  }
}
