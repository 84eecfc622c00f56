import { z } from 'zod';
import { eachEntry } from '../lib/xarray.ts';
import { isAnon } from '../mm/anon.ts';
import { isFrame, isWritable, pfnOf, zeroEntry } from '../mm/pagetable.ts';
import { inPmd, pmdBytes, pmdOf } from '../mm/pmd.ts';
import { pageSizeMax } from '../records/contract.ts';
import { mappingRecord, zMapping } from '../records/mapping.ts';
import { type MapId, mappingId, pageSize, toPgOff, zCount } from '../units.ts';
import { inodeAskedFor, zByFile } from './by-file.ts';
import { absent, cursorOf, defineView, found, pageOfList, tokenOf, zPage } from './define.ts';

export const mappings = defineView({
  name: 'mappings',
  summary: 'List the mappings of a filesystem',
  doc: 'In the order of their creation. file=NAME and ino=N list those of one file.',
  on: 'filesystem',
  path: 'mappings',
  query: z.strictObject({ ...zPage, ...zByFile }),
  result: z.object({ items: z.array(zMapping), nextPageToken: z.string().optional() }),
  read(k, _target, query) {
    const asked = inodeAskedFor(k, query);
    if (!asked.ok) return asked;
    const listed = [...k.mappings.values()].filter(
      (mapping) => asked.ino === null || mapping.ino === asked.ino,
    );
    const page = pageOfList(listed, query, (mapping) => mapping.id);
    return found({ ...page, items: page.items.map((mapping) => mappingRecord(k, mapping)) });
  },
});

const zPte = z.object({
  pgoff: zCount,
  pfn: zCount.nullable(),
  zeroPage: z.boolean(),
  writable: z.boolean(),
  copied: z.boolean(),
  sizeBytes: zCount.describe('What the entry maps: 4096 or 2097152 bytes.'),
});

export const mapping = defineView({
  name: 'mapping',
  summary: 'A mapping with its page table',
  doc:
    'pageTable lists the present entries in ascending order; pageSize and pageToken page ' +
    'through it.',
  on: 'mapping',
  path: '',
  query: z.strictObject(zPage),
  result: zMapping.extend({
    pageTable: z.array(zPte),
    nextPageToken: z.string().optional(),
  }),
  read(k, target, query) {
    const vma = k.mappings.get((target.mapping ?? 0) as MapId);
    if (vma === undefined)
      return absent('NM2', `there is no mapping ${mappingId(target.mapping ?? 0)}`);
    const size = Math.min(query.pageSize, pageSizeMax);
    const pageTable: z.infer<typeof zPte>[] = [];
    let next: number | null = null;
    eachEntry(vma.ptes, cursorOf(query), vma.pages - 1, (index, pte) => {
      const pgoff = toPgOff(vma.first + index);
      const huge = inPmd(vma, pgoff);
      if (huge && pgoff !== pmdOf(pgoff)) return; // One row for the 2 MiB.
      if (pageTable.length === size) {
        next = index;
        return false;
      }
      const pfn = isFrame(pte) ? pfnOf(pte) : null;
      pageTable.push({
        pgoff,
        pfn,
        zeroPage: pte === zeroEntry,
        writable: isWritable(pte),
        copied: isAnon(pte),
        sizeBytes: huge ? pmdBytes : pageSize,
      });
    });
    return found({
      ...mappingRecord(k, vma),
      pageTable,
      ...(next === null ? {} : { nextPageToken: tokenOf(next) }),
    });
  },
});
