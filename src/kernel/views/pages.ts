// struct page of the frames of the device.
import { z } from 'zod';
import { eachExtent } from '../lib/extent-map.ts';
import { isFree } from '../lib/free-space.ts';
import { findRun } from '../lib/run-list.ts';
import {
  classicRefcount,
  folioOf,
  framesPerChunk,
  headOf,
  isDelayedFree,
  mapcountOf,
  modernRefcount,
  nextPinned,
  ownerOf,
  pinsOf,
} from '../mm/page.ts';
import { pageSizeMax } from '../records/contract.ts';
import { inodeRecordOrNone, zInodeOrNone } from '../records/inode.ts';
import { pageBucket } from '../sched/waitqueue.ts';
import type { Inode, Kernel } from '../state.ts';
import { type Ino, lastPage, type Pfn, toPfn, toPgOff, zCount } from '../units.ts';
import { inodeAskedFor, zByFile } from './by-file.ts';
import { cursorOf, defineView, found, tokenOf, zPage } from './define.ts';

const zFrame = z.object({
  pfn: zCount,
  state: z.enum(['metadata', 'used', 'free', 'busy', 'detached']),
  pins: zCount,
  mapcount: zCount,
  refcount: z.object({
    classic: zCount.describe('To 6.14: 1 + pins; idle at 1.'),
    modern: zCount.describe('From 6.15: pins + mapcount; idle at 0.'),
  }),
  folio: z
    .object({ pfn: zCount, pages: zCount, pins: zCount, mapcount: zCount })
    .nullable()
    .describe(
      'With folioGranularity: the 2 MiB folio of the page. The folio is pinned and released ' +
        'as a whole, and refcount is that of the folio.',
    ),
  delayedFree: z.boolean(),
  stopNewRefs: z
    .boolean()
    .describe('wait-for-refs refuses new references to this page while it waits for the old ones.'),
  file: z
    .string()
    .nullable()
    .describe(
      'The page of the file for which it was last faulted in, if the mapping entry still ' +
        'exists.',
    ),
  ...zInodeOrNone,
  pgoff: zCount.nullable(),
  bucket: zCount.describe('Its waitqueue bucket.'),
});

function stateOf(k: Kernel, pfn: Pfn): z.infer<typeof zFrame>['state'] {
  if (pfn < k.geometry.blocksMetadata) return 'metadata';
  if (isFree(k.space, pfn)) return 'free';
  if (findRun(k.busy, pfn) !== null) return 'busy';
  return findRun(k.detached, pfn) === null ? 'used' : 'detached';
}

/**
 * `of` is the file that the list is filtered by, because a frame that was never faulted in does not
 * name its file.
 */
function frameRecord(k: Kernel, pfn: Pfn, of: Ino | null): z.infer<typeof zFrame> {
  const owner = ownerOf(k, pfn);
  const stopped = owner === null ? null : (k.inodes.get(owner.ino)?.stoppedRefs ?? null);
  const folio = folioOf(k, pfn);
  return {
    pfn,
    state: stateOf(k, pfn),
    pins: pinsOf(k, pfn),
    mapcount: mapcountOf(k, pfn),
    refcount: { classic: classicRefcount(k, pfn), modern: modernRefcount(k, pfn) },
    folio:
      folio === undefined
        ? null
        : {
            pfn: headOf(k, pfn),
            pages: framesPerChunk,
            pins: folio.pins,
            mapcount: folio.mapcount,
          },
    delayedFree: isDelayedFree(k, pfn),
    stopNewRefs:
      owner !== null &&
      stopped !== null &&
      owner.pgoff >= stopped.first &&
      owner.pgoff <= stopped.last,
    file: owner === null ? null : (k.inodes.get(owner.ino)?.name ?? null),
    ...inodeRecordOrNone(k, owner?.ino ?? of ?? 0),
    pgoff: owner === null ? null : owner.pgoff,
    bucket: pageBucket(k, pfn),
  };
}

/**
 * The first `count` pinned frames of [from, end), ascending. In a pinned folio only the frames that
 * a pin names count.
 */
function pinnedFrom(k: Kernel, from: number, end: number, count: number): number[] {
  const found: number[] = [];
  for (
    let at = nextPinned(k, from, end);
    at < end && found.length < count;
    at = nextPinned(k, at + 1, end)
  )
    if (pinsOf(k, toPfn(at)) > 0) found.push(at);
  return found;
}

/**
 * The first `count` frames of a file from `from` on, ascending. Sorts extents and not pages,
 * because a file has far fewer extents.
 */
function ownedFrom(
  k: Kernel,
  inode: Inode,
  { from, count, pinned }: { from: number; count: number; pinned: boolean },
): number[] {
  const extents: { pfn: number; end: number }[] = [];
  eachExtent(inode.extents, toPgOff(0), lastPage, ({ pfn, pages }) => {
    if (pfn + pages > from) extents.push({ pfn: Math.max(pfn, from), end: pfn + pages });
  });
  extents.sort((a, b) => a.pfn - b.pfn);
  const found: number[] = [];
  for (const { pfn, end } of extents) {
    if (pinned) found.push(...pinnedFrom(k, pfn, end, count - found.length));
    else for (let at = pfn; at < end && found.length < count; at++) found.push(at);
  }
  return found;
}

export const pages = defineView({
  name: 'pages',
  summary: 'Page frames of the device',
  doc:
    'In ascending order of pfn. pfn=N lists the frames from this one on. file=NAME and ino=N list ' +
    'the frames that a file owns; pinned=true lists only pinned frames.',
  on: 'filesystem',
  path: 'pages',
  query: z.strictObject({
    ...zPage,
    ...zByFile,
    pfn: zCount.default(0).describe('The first frame of the list.'),
    pinned: z.boolean().default(false),
  }),
  result: z.object({ items: z.array(zFrame), nextPageToken: z.string().optional() }),
  read(k, _target, query) {
    const size = Math.min(query.pageSize, pageSizeMax);
    const from = Math.max(query.pfn, cursorOf(query));
    const wanted = size + 1;
    let chosen: number[];
    const asked = inodeAskedFor(k, query);
    if (!asked.ok) return asked;
    if (asked.ino !== null) {
      const inode = k.inodes.get(asked.ino);
      chosen =
        inode === undefined
          ? []
          : ownedFrom(k, inode, { from, count: wanted, pinned: query.pinned });
    } else if (query.pinned) {
      chosen = pinnedFrom(k, from, k.geometry.blocks, wanted);
    } else {
      chosen = [];
      for (let pfn = from; pfn < k.geometry.blocks && chosen.length < wanted; pfn++)
        chosen.push(pfn);
    }
    const next = chosen[size];
    const items = chosen.slice(0, size).map((pfn) => frameRecord(k, toPfn(pfn), asked.ino));
    return found({ items, ...(next === undefined ? {} : { nextPageToken: tokenOf(next) }) });
  },
});
