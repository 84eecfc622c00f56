// The built server on a full disk and on a failing one: a small tmpfs, and strace, which makes the
// n-th flush of the process fail. Both need root, or the equivalent rights in a container.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, freshFolder, must, type Server, start, tryStart, write } from '../crash/process.ts';

const fs = '/v1/filesystems/scratch';
const isFull = /^pinhole_journal_full 1$/m;

async function world(server: Server): Promise<void> {
  await must(server, 'POST', '/v1/filesystems', { name: 'scratch', sizeBytes: 8_388_608 });
  await must(server, 'POST', `${fs}/files`, { name: 'a' });
  await write(server, `${fs}/files/a/content`, Buffer.alloc(16_384, 7));
  await must(server, 'POST', `${fs}/files/a/mappings`, {
    offset: 0,
    length: 16_384,
    access: 'read-write',
  });
  await must(server, 'POST', `${fs}/mappings/map_1/pins`, {
    offset: 0,
    length: 8192,
    access: 'read',
  });
}

describe('a full disk', () => {
  const disk = freshFolder();
  const fill = join(disk, 'fill');
  let server: Server | null = null;
  beforeEach(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]));
  afterEach(async () => {
    await server?.kill();
    execFileSync('umount', ['-l', disk]);
  });

  const room = () => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  const fillUp = (leave = 0) => {
    try {
      for (let i = 0; room() > leave; i++)
        writeFileSync(`${fill}-${i}`, Buffer.alloc(65_536, i), { flag: 'a' });
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error;
    }
  };

  it('refuses what adds, takes what gives back, survives a restart, and goes on when there is room', async () => {
    const folder = join(disk, 'data');
    mkdirSync(folder);
    const running = await start(folder);
    server = running;
    await world(running);
    fillUp();
    const create = (name: string) => call(running, 'POST', `${fs}/files`, { name });
    await expect
      .poll(async () => (await create(`x${Math.random()}`)).status, { timeout: 10_000 })
      .toBe(507);
    expect((await must(running, 'DELETE', `${fs}/pins/pin_1`)).json.pagesReleased).toBe(2);
    expect(
      (await must(running, 'POST', `${fs}/files/a/punch-hole`, { offset: 0, length: 4096 })).json
        .blocksFreed,
    ).toBe(1);
    expect(
      (await must(running, 'POST', `${fs}/files/a/truncate`, { sizeBytes: 8192 })).json.sizeBytes,
    ).toBe(8192);
    expect((await must(running, 'GET', `${fs}/files/a/content`)).status).toBe(200);
    expect((await must(running, 'GET', '/metrics')).json).toMatch(isFull);

    // Stopped by a crash, filled to the brim again, and started: what is there is served.
    await running.kill();
    fillUp();
    const again = await start(folder);
    server = again;
    expect((await must(again, 'GET', `${fs}/files/a`)).json.sizeBytes).toBe(8192);
    expect((await must(again, 'GET', `${fs}/pins`)).json.items).toEqual([]);
    expect((await call(again, 'POST', `${fs}/files`, { name: 'b' })).status).toBe(507);

    for (const name of execFileSync('ls', [disk], { encoding: 'utf8' }).split('\n')) {
      if (name.startsWith('fill')) rmSync(join(disk, name));
    }
    await expect
      .poll(async () => (await call(again, 'POST', `${fs}/files`, { name: 'c' })).status, {
        timeout: 10_000,
      })
      .toBe(201);
    await again.kill();
    const last = await start(folder);
    server = last;
    expect((await must(last, 'GET', `${fs}/files/c`)).json.name).toBe('c');
  });

  it('keeps its reserve from a program that fills the disk', async () => {
    const folder = join(disk, 'data');
    mkdirSync(folder);
    const running = await start(folder);
    server = running;
    await world(running);
    fillUp(1_048_576);
    await expect
      .poll(async () => (await must(running, 'GET', '/metrics')).json, { timeout: 10_000 })
      .toMatch(isFull);
    fillUp();
    expect((await call(running, 'POST', `${fs}/files`, { name: 'b' })).status).toBe(507);
    expect((await must(running, 'DELETE', `${fs}/pins/pin_1`)).json.pagesReleased).toBe(2);
    // What was given up for that is taken as well.
    fillUp();
    expect(
      (await must(running, 'POST', `${fs}/files/a/truncate`, { sizeBytes: 0 })).json.blocksFreed,
    ).toBe(4);
  });
});

describe('a disk whose flush fails', () => {
  it.each(Array.from({ length: 40 }, (_, n) => n + 1))(
    'at flush %i: the process says so and ends, and nothing is lost',
    async (n) => {
      const folder = freshFolder();
      // It counts the flushes of each thread, so there is one.
      const under = [
        'strace',
        '-f',
        '--seccomp-bpf',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        'trace=fdatasync',
        '-e',
        `inject=fdatasync:error=EIO:when=${n}`,
      ];
      const server = await tryStart(folder, {
        under,
        env: { UV_THREADPOOL_SIZE: '1' },
        args: ['--disk-reserve-bytes', '1048576'],
      });
      const acknowledged: string[] = [];
      if ('url' in server) {
        const said: { status: number; outcome?: string }[] = [];
        const begin = await call(server, 'POST', '/v1/filesystems', {
          name: 'scratch',
          sizeBytes: 8_388_608,
        }).catch(() => null);
        if (begin?.status !== 201 && begin !== null) said.push(begin.json);
        for (let i = 0; i < 60; i++) {
          const answer = await call(server, 'POST', `${fs}/files`, { name: `f${i}` }).catch(
            () => null,
          );
          if (answer === null) break;
          if (answer.status === 201) {
            expect(said).toEqual([]);
            acknowledged.push(`f${i}`);
          } else said.push(answer.json);
        }
        expect(await server.exited).toBe(5);
        for (const one of said.slice(0, 1))
          expect(one).toMatchObject({ status: 503, outcome: 'unknown' });
      } else expect(server.code).toBe(5);
      const again = await start(folder);
      const listed = await call(again, 'GET', `${fs}/files?pageSize=1000`);
      const files =
        listed.status === 200 ? listed.json.items.map(({ name }: { name: string }) => name) : [];
      await again.kill();
      rmSync(folder, { recursive: true });
      expect(files.slice(0, acknowledged.length)).toEqual(acknowledged);
      expect(files.length - acknowledged.length).toBeLessThanOrEqual(1);
    },
  );
});
