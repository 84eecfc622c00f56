// The map of the open device: read by range, and corrected by the picture until it is read again.
import { type ReadonlySignal, type Signal, useComputed, useSignal } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { useRef } from 'preact/hooks';
import type { ShownProblem } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { useLive } from '../state/live.ts';
import { watched } from '../state/watched.ts';
import {
  corrected,
  type DeviceMap,
  pinnedIntervals,
  type Segment,
  segmentsOf,
  waitedFrames,
} from './segments.ts';

const pageBytes = 4096;
/** Answers of one reading, with 2,000 runs each. A larger device is read from where one looks. */
const answersMax = 8;

interface Reading {
  first: number;
  /** The frame after the last one that was read. */
  end: number;
  pages: number;
  segments: Segment[];
  ownersOmitted: boolean;
  seq: number;
}

export interface DeviceReading {
  map: ReadonlySignal<DeviceMap | null>;
  problem: ReadonlySignal<ShownProblem | null>;
  /** Reads from this frame on, because a person looks there. */
  lookAt: (pfn: number) => void;
  from: Signal<number>;
}

async function read(fs: string, from: number, signal: AbortSignal): Promise<Reading> {
  const reading: Omit<Reading, 'end'> = {
    first: from,
    pages: 0,
    segments: [],
    ownersOmitted: false,
    seq: Number.POSITIVE_INFINITY,
  };
  let offset: number | undefined = from * pageBytes;
  let end = from;
  for (let answers = 0; offset !== undefined && answers < answersMax; answers += 1) {
    const params: { path: { fs: string }; query: { offset: number } } = {
      path: { fs },
      query: { offset },
    };
    const answer: Schemas['Map'] = await body(
      rest.value.GET('/v1/filesystems/{fs}/map', { params, signal }),
    );
    reading.segments.push(...segmentsOf(answer.runs));
    reading.pages = answer.sizeBytes / pageBytes;
    reading.ownersOmitted ||= answer.ownersOmitted === true;
    reading.seq = Math.min(reading.seq, seqOf(answer.cursor));
    end = (answer.offset + answer.length) / pageBytes;
    offset = answer.nextOffset;
  }
  return { ...reading, end };
}

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf('.') + 1));

/** Events after which frames may differ. Pins and waits are drawn from the picture. */
const families = /^pinhole\.(extent|file|range|mapping|memory|power)\./;
const others = new Set([
  'pinhole.page.faulted',
  'pinhole.page.pmd_faulted',
  'pinhole.page.unmapped',
  'pinhole.page.delayed_free',
  'pinhole.layout.busy',
  'pinhole.layout.broken',
  'pinhole.task.woken',
  'pinhole.operation.done',
  'pinhole.operation.failed',
  'pinhole.operation.cancelled',
]);
const changesFrames = ({ type }: PinholeEvent): boolean => families.test(type) || others.has(type);

export function useDeviceMap(fs: string): DeviceReading {
  const from = useSignal(0);
  const start = from.value;
  const live = useLive(`map ${fs} ${start}`, (signal) => read(fs, start, signal), changesFrames);
  // While another range is read, the last one is still shown.
  const last = useRef<Reading | null>(null);
  const map = useComputed(() => {
    last.current = live.value.data ?? last.current;
    const reading = last.current;
    const picture = watched.value?.picture;
    if (reading === null || !picture) return null;
    const { pages, first, end, ownersOmitted } = reading;
    const isNewer = seqOf(picture.cursor) > reading.seq;
    const segments = isNewer ? corrected(reading.segments, picture) : reading.segments;
    const [pinned, waited] = [pinnedIntervals(picture), waitedFrames(picture)];
    return { pages, first, end, ownersOmitted, segments, pinned, waited };
  });
  const problem = useComputed(() => live.value.problem);
  const lookAt = (pfn: number) => {
    from.value = pfn;
  };
  return { map, problem, lookAt, from };
}
