import { z } from 'zod';
import { reasonsOf } from '../fs/busy-extent.ts';
import { eachRun } from '../lib/run-list.ts';
import { pinsOf } from '../mm/page.ts';
import { pageSizeMax } from '../records/contract.ts';
import { inodeRecordOrNone, zInodeOrNone } from '../records/inode.ts';
import type { Kernel } from '../state.ts';
import { opId, toPfn, zCount } from '../units.ts';
import { cursorOf, defineView, found, tokenOf, zPage } from './define.ts';

const zBusy = z.object({
  pfn: zCount,
  pages: zCount,
  reasons: z.array(z.enum(['transaction', 'pinned'])),
  pins: zCount.describe('References on its pages.'),
  ageMs: zCount,
  ...zInodeOrNone,
});

function pinsOfRun(k: Kernel, pfn: number, pages: number): number {
  let pins = 0;
  for (let page = pfn; page < pfn + pages; page++) pins += pinsOf(k, toPfn(page));
  return pins;
}

export const busyExtents = defineView({
  name: 'busy-extents',
  summary: 'Blocks that left their file but cannot be allocated yet',
  doc:
    'In ascending order of pfn. ino is the file that the blocks left. detached lists blocks ' +
    'that left their file under detach-and-wait and wait for their pins.',
  on: 'filesystem',
  path: 'busy-extents',
  query: z.strictObject(zPage),
  result: z.object({
    generation: zCount.describe('Increases each time that runs leave the list.'),
    blocksBusy: zCount,
    blocksDetached: zCount,
    extents: z.array(zBusy),
    detached: z.array(
      z.object({
        pfn: zCount,
        pages: zCount,
        pins: zCount,
        ageMs: zCount,
        ...zInodeOrNone,
        freedBy: z.string().describe('The operation that waits for the blocks, or reaper.'),
      }),
    ),
    nextPageToken: z.string().optional(),
  }),
  read(k, _target, query, nowMs) {
    const size = Math.min(query.pageSize, pageSizeMax);
    const from = cursorOf(query);
    const extents: z.infer<typeof zBusy>[] = [];
    let next: number | null = null;
    eachRun(k.busy, (run) => {
      if (run.pfn < from || next !== null) return;
      if (extents.length === size) {
        next = run.pfn;
        return;
      }
      const { pfn, pages } = run;
      extents.push({
        pfn,
        pages,
        reasons: reasonsOf(run),
        pins: pinsOfRun(k, pfn, pages),
        ageMs: nowMs - run.sinceMs,
        ...inodeRecordOrNone(k, run.ino ?? 0),
      });
    });
    const detached: {
      pfn: number;
      pages: number;
      pins: number;
      ageMs: number;
      ino: number | null;
      freedBy: string;
    }[] = [];
    eachRun(k.detached, ({ pfn, pages, sinceMs, task, ino }) => {
      if (detached.length === size) return;
      const freedBy = task === 0 ? 'reaper' : opId(task);
      detached.push({
        pfn,
        pages,
        pins: pinsOfRun(k, pfn, pages),
        ageMs: nowMs - sinceMs,
        ...inodeRecordOrNone(k, ino ?? 0),
        freedBy,
      });
    });
    const more = next === null ? {} : { nextPageToken: tokenOf(next) };
    const { busyGeneration: generation } = k;
    return found({
      generation,
      blocksBusy: k.busy.pages,
      blocksDetached: k.detached.pages,
      extents,
      detached,
      ...more,
    });
  },
});
