// What the server knows of one file: its extents. Its pins and mappings are in the picture.
import type { Signal } from '@preact/signals';
import type { FilePicture, PinholeEvent } from 'pinhole/client';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { type Live, useLive } from '../state/live.ts';
import { type Extent, pageBytes } from './ruler.ts';

export interface Extents {
  extents: Extent[];
  /** There are more, which are not shown. */
  more: boolean;
}

/** Answers of one reading of the map, for a file that has no name. */
const answersMax = 8;

async function read(fs: string, file: FilePicture, signal: AbortSignal): Promise<Extents> {
  if (file.unlinked) return readByInode(fs, file.ino, signal);
  const params = { path: { fs, file: file.name } };
  const answer = await body(
    rest.value.GET('/v1/filesystems/{fs}/files/{file}/extents', { params, signal }),
  );
  const extents = answer.extents.map(({ offset, length, physical, state }) => ({
    offset,
    length,
    state,
    pfn: physical / pageBytes,
  }));
  return { extents, more: answer.nextPageToken !== undefined };
}

/** A file without a name cannot be opened, but the map of the device knows its inode. */
async function readByInode(fs: string, ino: number, signal: AbortSignal): Promise<Extents> {
  const extents: Extent[] = [];
  let offset: number | undefined = 0;
  for (let answers = 0; offset !== undefined && answers < answersMax; answers += 1) {
    const params: { path: { fs: string }; query: { offset: number; ino: number } } = {
      path: { fs },
      query: { offset, ino },
    };
    const answer: Schemas['Map'] = await body(
      rest.value.GET('/v1/filesystems/{fs}/map', { params, signal }),
    );
    for (const { pfn, pages, pgoff, flags = [], ino: of } of answer.runs)
      if (of === ino && pgoff !== undefined)
        extents.push({
          offset: pgoff * pageBytes,
          length: pages * pageBytes,
          pfn,
          state: flags.includes('unwritten') ? 'unwritten' : 'written',
        });
    offset = answer.nextOffset;
  }
  extents.sort((one, other) => one.offset - other.offset);
  return { extents, more: offset !== undefined };
}

const changesExtents = ({ type }: PinholeEvent): boolean =>
  /^pinhole\.(extent|file|range|power)\./.test(type) ||
  /^pinhole\.(page\.(pmd_)?faulted|operation\.(done|failed|cancelled)|layout\.broken)$/.test(type);

export function useExtents(fs: string, file: FilePicture): Signal<Live<Extents>> {
  const key = `extents ${fs} ${file.ino} ${file.unlinked ? '' : file.name}`;
  return useLive(key, (signal) => read(fs, file, signal), changesExtents);
}
