// Which events are about one frame of the device.

/** The parts of an event that say what it is about. */
export interface EventAbout {
  type: string;
  data: object;
}

export interface Frame {
  pfn: number;
  /** The page of a file that it holds now. */
  ino: number | null;
  pgoff: number | null;
}

interface Named {
  pfn?: number | null;
  pages?: number;
  runs?: readonly { pfn: number | null; pages: number }[];
  ino?: number;
  pgoff?: number | null;
  offset?: number;
  length?: number;
}

/** The types that are read from the log for the history of a frame. */
export const typesOfFrames = [
  'page.*',
  'extent.*',
  'layout.*',
  'task.blocked',
  'memory.failed',
] as const;

const pageBytes = 4096;

export function isAbout({ type, data }: EventAbout, frame: Frame): boolean {
  if (!/^pinhole\.(page|extent|layout|task\.blocked|memory)/.test(type)) return false;
  const { pfn, pages = 1, runs, ino, offset, length } = data as Named;
  if (runs !== undefined) return runs.some((run) => covers(run.pfn, run.pages, frame.pfn));
  if (pfn !== undefined && pfn !== null) return covers(pfn, pages, frame.pfn);
  if (frame.pgoff === null || ino !== frame.ino || offset === undefined || length === undefined)
    return false;
  const at = frame.pgoff * pageBytes;
  return at + pageBytes > offset && at < offset + length;
}

const covers = (pfn: number | null, pages: number, frame: number): boolean =>
  pfn !== null && pfn <= frame && frame < pfn + pages;
