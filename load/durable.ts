// What durability costs: the same load on a server that keeps everything and on one that keeps nothing, in turns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drive, type Measured, middle } from './measure.ts';
import { pinUnpin } from './pin-unpin.ts';
import { apiOf } from './scenario.ts';
import { startPinhole } from './server.ts';

const connections = 50;

/** Says whether every answer was one of the scenario. */
export async function durable(seconds: number, rounds: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
  const servers = [await startPinhole({ PINHOLE_VOLATILE: '0', PINHOLE_DATA_DIR: folder }), await startPinhole()] as const;
  try {
    const calls = await Promise.all(servers.map((server) => pinUnpin.prepare(apiOf(server.url))));
    const measured: [Measured[], Measured[]] = [[], []];
    for (let round = -1; round < rounds; round += 1) {
      for (const which of [0, 1] as const) {
        const result = await drive(servers[which], calls[which] ?? [], connections, round < 0 ? 2 : seconds / rounds);
        // The first turn warms up.
        if (round >= 0) measured[which].push(result);
      }
    }
    const [kept, lost] = [middle(measured[0]), middle(measured[1])];
    console.log(`\ndurable: ${pinUnpin.doc}; ${connections} connections; ratio to the same without a disk`);
    for (const [name, m] of [
      ['durable', kept],
      ['volatile', lost],
    ] as const) {
      console.log(
        `${name.padEnd(10)}${Math.round(m.requestsPerSecond)} requests/s, p50 ${m.p50Ms} ms, p99 ${m.p99Ms} ms, ${m.cpuMicros.toFixed(1)} µs of a processor`,
      );
    }
    console.log(`ratio ${(kept.requestsPerSecond / lost.requestsPerSecond).toFixed(2)}`);
    return [kept, lost].every(({ statuses }) => [...statuses.keys()].every((status) => pinUnpin.expected.includes(status)));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  }
}
