// mmap of a range of a file, shared or private.
import { z } from 'zod';
import { emit } from '../emit.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { createXArray } from '../lib/xarray.ts';
import { mappingRecord, zMapping } from '../records/mapping.ts';
import type { Mapping } from '../state.ts';
import { type MapId, mappingId, pageCeil, pageOf, pageSize, zBytes } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';
import { theInode } from './layout-change.ts';

export const mmap = defineAtomic({
  name: 'mmap',
  summary: 'Map a range of a file',
  doc:
    'The range may lie beyond the end of the file; an access there is a SIGBUS. offset must be ' +
    'a multiple of the page size; length is rounded up to one. In a private mapping (shared: ' +
    'false) the first write to a page copies the page, and MAP_SYNC is ignored.',
  on: 'file',
  route: { method: 'POST', path: 'mappings', status: 201 },
  args: z.strictObject({
    offset: zBytes,
    length: zBytes,
    access: z.enum(['read', 'read-write']),
    shared: z.boolean().default(true),
    sync: z.boolean().default(false).describe('MAP_SYNC.'),
  }),
  result: zMapping,
  errors: ['EINVAL', 'EFBIG', 'EOPNOTSUPP'],
  charges: 'mappings',
  grows: true,
  run(k, task) {
    const { offset, length, access, shared, sync } = task.args;
    const inode = theInode(k, task);
    if (!personalityOf(k.geometry).dax) {
      return fail(
        'EOPNOTSUPP',
        'MM1',
        `a filesystem of kind ${k.geometry.kind} on kernel ${k.geometry.kernel} has ` +
          'no DAX, so no page of its device can be mapped',
      );
    }
    if (sync && shared && !personalityOf(k.geometry).mapSync) {
      return fail('EOPNOTSUPP', 'MM5', `a filesystem of kind ${k.geometry.kind} has no MAP_SYNC`);
    }
    if (length === 0 || offset % pageSize !== 0) {
      return fail('EINVAL', 'MM3', `length must be above 0, and offset a multiple of ${pageSize}`);
    }
    if (offset > Number.MAX_SAFE_INTEGER - pageSize - length)
      return fail('EFBIG', 'RG2', 'offset + length is above 2^53-1');
    const mapping: Mapping = {
      id: k.nextMapping as MapId,
      ino: inode.ino,
      first: pageOf(offset),
      pages: pageCeil(offset + length) - pageOf(offset),
      access,
      shared,
      sync: sync && shared,
      owner: task.owner,
      createdMs: k.nowMs,
      ptes: createXArray(),
      pmds: null,
    };
    k.nextMapping += 1;
    k.mappings.set(mapping.id, mapping);
    inode.mappings.push(mapping.id);
    k.counts.mappings += 1;
    emit(k, 'mapping.created', inode, {
      mapping: mappingId(mapping.id),
      offset,
      length: mapping.pages * pageSize,
      access,
    });
    return done(mappingRecord(k, mapping));
  },
});
