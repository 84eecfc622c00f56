// The registry of presets: one file each, one line here.
import { backup } from './backup.ts';
import { camera } from './camera.ts';
import { database } from './database.ts';
import { directIo } from './direct-io.ts';
import { gupTwoPages } from './gup-two-pages.ts';
import { leapfrog } from './leapfrog.ts';
import { logRotation } from './log-rotation.ts';
import type { Preset } from './preset.ts';
import { rdmaTarget } from './rdma-target.ts';
import { throttledRead } from './throttled-read.ts';
import { thumbnailer } from './thumbnailer.ts';
import { umountUnderLoad } from './umount-under-load.ts';
import { vmMemory } from './vm-memory.ts';
import { walRecycling } from './wal-recycling.ts';

export const presets: ReadonlyMap<string, Preset> = new Map([
  ['rdma-target', rdmaTarget],
  ['direct-io', directIo],
  ['camera', camera],
  ['wal-recycling', walRecycling],
  ['log-rotation', logRotation],
  ['vm-memory', vmMemory],
  ['backup', backup],
  ['leapfrog', leapfrog],
  ['gup-two-pages', gupTwoPages],
  ['umount-under-load', umountUnderLoad],
  ['database', database],
  ['thumbnailer', thumbnailer],
  ['throttled-read', throttledRead],
]);
