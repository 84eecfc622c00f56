// Power cuts: the data directory is on its own filesystem in an image file. After a cut only what
// the disk had received is there; what the kernel still held in memory is lost.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ground } from './kills.ts';
import { freshFolder } from './process.ts';

const imageBytes = 268_435_456;
const quiet = { stdio: 'ignore' } as const;

/** Root, and loop devices: without them there is nothing to cut. */
export function canCutPower(): boolean {
  try {
    execFileSync('losetup', ['-f'], quiet);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

export function powered(): Ground {
  const house = freshFolder();
  const at = join(house, 'mnt');
  const folder = join(at, 'data');
  const image = (number: number) => join(house, `image-${number}`);
  let now = 0;
  const mount = () => execFileSync('mount', ['-o', 'loop', image(now), at], quiet);
  const umount = () => execFileSync('umount', ['-l', at], quiet);
  mkdirSync(at);
  writeFileSync(image(0), '');
  truncateSync(image(0), imageBytes);
  execFileSync('mkfs.ext4', ['-q', '-F', image(0)], quiet);
  mount();
  return {
    folder,
    async strike(server) {
      // What was answered before this instant is on its way to who asked; after it nothing is.
      server.child.kill('SIGSTOP');
      await sleep(50);
      copyFileSync(image(now), image(now + 1));
      await server.kill();
      umount();
      rmSync(image(now));
      now += 1;
      mount();
    },
    clear() {
      umount();
      rmSync(house, { recursive: true, force: true });
    },
  };
}
