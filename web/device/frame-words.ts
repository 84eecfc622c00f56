// A frame, or the frames of a cell, in words: for the line under the map and for a screen reader.
import { countText, pagesText, plural } from '../parts/words.ts';
import {
  type DeviceMap,
  type Flag,
  type FrameState,
  type Interval,
  segmentAt,
} from './segments.ts';

export const stateWords: Record<FrameState, string> = {
  free: 'free',
  metadata: 'metadata of the filesystem',
  used: 'used',
  busy: 'busy: left its file, cannot be allocated yet',
  detached: 'detached: left its file while pinned',
};

export const flagWords: Record<Flag, string> = {
  written: 'written',
  unwritten: 'unwritten: allocated, and reads as zero',
  mapped: 'mapped by a page table',
  huge: 'mapped by an entry of 2 MiB',
  folio: 'pinned and released with its folio of 2 MiB',
  dirty: 'dirty: a CPU cache holds lines of it',
  poisoned: 'poisoned: it cannot be read',
  'delayed-free': 'its last unpin frees it',
  'stop-new-refs': 'no new references while an operation waits',
  'waited-for': 'an operation waits for it',
};

type NameOf = (ino: number) => string | null;

/** How many pins hold the frame. */
export const pinsAt = (pinned: readonly Interval[], frame: number): number =>
  pinned.filter(({ pfn, end }) => pfn <= frame && frame < end).length;

export function frameText(map: DeviceMap, pfn: number, nameOf: NameOf): string {
  const segment = segmentAt(map.segments, pfn);
  if (segment === null) return `pfn ${pfn}: not read`;
  const { state, ino, pgoff } = segment;
  const name = ino === null ? null : (nameOf(ino) ?? `inode ${ino}`);
  const page = pgoff === null ? null : pgoff + (pfn - segment.pfn);
  const file = name === null ? null : page === null ? `was in ${name}` : `page ${page} of ${name}`;
  const pins = pinsAt(map.pinned, pfn);
  const said = [
    `pfn ${pfn}`,
    file ?? stateWords[state],
    file === null || page !== null ? null : state,
    ...['poisoned', 'unwritten', 'delayed-free', 'stop-new-refs']
      .filter((flag) => segment.flags.includes(flag as Flag))
      .map((flag) => flagWords[flag as Flag]),
    pins === 0 ? null : plural(pins, 'pin'),
    map.waited.has(pfn) ? 'somebody waits for it' : null,
  ];
  return said.filter((part) => part !== null).join(' · ');
}

/** The frames of a cell that stands for many: how many are in which state. */
export function cellText(map: DeviceMap, first: number, per: number): string {
  const end = Math.min(first + per, map.pages);
  const counts = countsOf(map, first, end);
  const parts = Object.entries(counts).map(([state, pages]) => `${countText(pages)} ${state}`);
  return `pfn ${first}–${end - 1} · ${parts.length === 0 ? 'not read' : parts.join(', ')}`;
}

function countsOf(map: DeviceMap, first: number, end: number): Partial<Record<FrameState, number>> {
  const counts: Partial<Record<FrameState, number>> = {};
  for (const segment of map.segments) {
    const pages = Math.min(end, segment.end) - Math.max(first, segment.pfn);
    if (pages > 0) counts[segment.state] = (counts[segment.state] ?? 0) + pages;
  }
  return counts;
}

export const deviceText = (map: DeviceMap): string => {
  const counts = countsOf(map, 0, map.pages);
  const parts = Object.entries(counts).map(([state, pages]) => `${countText(pages)} ${state}`);
  return `${pagesText(map.pages)}: ${parts.join(', ')}`;
};
