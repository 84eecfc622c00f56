// Creates a golden journal: npx tsx test/crash/golden.ts <version>. The journal of a released
// version never changes. A later release must replay it to the same state, or change its
// `kernelVersion`.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, freshFolder, must, repair, type Server, start, write } from './process.ts';

const goldens = join(import.meta.dirname, '../fixtures/journals');
const strategies = ['break-layouts', 'busy-extents', 'detach-and-wait', 'wait-for-refs', 'none'];

/**
 * Everything that can be done to a file, with pins in the way, in an order that only depends on
 * `round`.
 */
async function work(server: Server, fs: string, round: number): Promise<void> {
  const now = { prefer: 'respond-async' };
  const post = (path: string, json: object) => call(server, 'POST', `${fs}${path}`, json, now);
  const put = (path: string, bytes: Uint8Array) => write(server, `${fs}${path}`, bytes, now);
  for (let i = 0; i < 60; i++) {
    const file = `/files/f${i % 5}`;
    const offset = 4096 * ((i * 7 + round) % 8);
    if (round === 0 && i < 5) {
      await must(server, 'POST', `${fs}/files`, { name: `f${i}` });
      await put(`${file}/content`, Buffer.alloc(32_768, 65 + i));
      await must(server, 'POST', `${fs}${file}/mappings`, {
        offset: 0,
        length: 32_768,
        access: 'read-write',
        shared: i !== 4,
      });
    }
    const mapping = `/mappings/map_${1 + (i % 5)}`;
    const steps = [
      () => post(`${mapping}/pins`, { offset, length: 4096, access: 'read', owner: `o${i % 3}` }),
      () => post(`${mapping}/faults`, { offset, access: 'write' }),
      () => post(`${file}/punch-hole`, { offset, length: 4096 }),
      () => put(`${file}/content?offset=${offset}`, Buffer.alloc(100, i)),
      () => post(`${file}/zero-range`, { offset, length: 6000 }),
      () => call(server, 'DELETE', `${fs}/pins/pin_${1 + ((i * 3) % 40)}`),
      () => post(`${file}/truncate`, { sizeBytes: 30_000 - offset }),
      () => put(`${mapping}/memory?offset=${offset}`, Buffer.alloc(64, i)),
      () => post(`${file}/allocate`, { offset, length: 12_288 }),
      () => post(`${file}/collapse-range`, { offset: 0, length: 4096 }),
      () => post('/clock/advance', { ms: 10 }),
    ];
    await steps[(i * 5 + round) % steps.length]?.();
  }
}

const [version] = process.argv.slice(2);
if (version === undefined) throw new Error('which version?');
const folder = freshFolder();
for (let round = 0; round < 5; round++) {
  const server = await start(folder, { args: ['--snapshot-entries', '100'] });
  for (const kind of ['xfs', 'ext4']) {
    for (const name of strategies) {
      const fs = `${kind}-${name}`;
      const mkfs = {
        name: fs,
        sizeBytes: 2_097_152,
        kind,
        kernel: round === 0 ? '7.3' : undefined,
        clock: 'manual',
        strategy: { name },
      };
      if (round === 0) await must(server, 'POST', '/v1/filesystems', mkfs);
      await work(server, `/v1/filesystems/${fs}`, round);
    }
  }
  await server.kill('SIGTERM');
}
const golden = join(goldens, version);
rmSync(golden, { recursive: true, force: true });
mkdirSync(golden, { recursive: true });
const { stdout, stderr } = await repair(folder);
if (stderr !== '') throw new Error(stderr);
for (const name of ['reserve', 'reserve-open', 'store/LOG', 'store/LOG.old', 'store/LOCK']) {
  rmSync(join(folder, 'journal', name), { force: true });
}
cpSync(folder, golden, { recursive: true });
writeFileSync(join(golden, 'replay.txt'), stdout);
rmSync(folder, { recursive: true });
process.stdout.write(stdout);
