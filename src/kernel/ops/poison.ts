// Injects media errors, as `ndctl inject-error` does, together with the machine check that informs
// the kernel: memory_failure() unmaps the page in every process.
import { z } from 'zod';
import { clearPoison, injectPoison, sectorsPerPage } from '../dev/badblocks.ts';
import { emit } from '../emit.ts';
import { ownerOf } from '../mm/page.ts';
import { unmapRange } from '../mm/pagetable.ts';
import type { Kernel } from '../state.ts';
import { type Pfn, toPfn, zBytes, zCount } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';

const countMax = 65_536;
/** Linux has room for 512 ranges (badblocks); here the bound counts sectors. */
const badSectorsMax = 262_144;

const args = z.strictObject({
  block: zBytes.describe('First 512-byte block of the device.'),
  count: z.int().min(1).max(countMax).default(1),
});

/** memory_failure(): unmaps the page everywhere. The next access gets SIGBUS. */
function failMemory(k: Kernel, pfn: Pfn): boolean {
  const owner = ownerOf(k, pfn);
  const inode = owner === null ? undefined : k.inodes.get(owner.ino);
  emit(k, 'memory.failed', inode ?? null, { pfn, pgoff: owner === null ? null : owner.pgoff });
  if (owner === null || inode === undefined) return false;
  unmapRange(k, inode, owner.pgoff, owner.pgoff);
  return true;
}

const outside = (k: Kernel, { block, count }: z.infer<typeof args>) =>
  block + count > k.geometry.blocks * sectorsPerPage
    ? fail(
        'EINVAL',
        'PO5',
        `the block is outside the device, which has ${k.geometry.blocks * sectorsPerPage} ` +
          'blocks of 512 bytes',
      )
    : null;

export const poison = defineAtomic({
  name: 'poison',
  summary: 'Inject media errors',
  doc:
    'The pages of the blocks are unmapped everywhere. An access to such a page is SIGBUS ' +
    '(BUS_MCEERR_AR), get_user_pages is EFAULT, a read is EIO. A write of the whole page ' +
    'repairs it. Existing pins stay.',
  on: 'filesystem',
  route: { method: 'POST', path: 'poison', status: 200 },
  args,
  result: z.object({ block: zCount, count: zCount, pagesUnmapped: zCount }),
  errors: ['EINVAL', 'ENOSPC'],
  run(k, task) {
    const { block, count } = task.args;
    const refused = outside(k, task.args);
    if (refused !== null) return refused;
    if (k.pmem.badSectors.size + count > badSectorsMax) {
      return fail(
        'ENOSPC',
        'PO6',
        `the list of bad blocks is full: it holds at most ${badSectorsMax} blocks of 512 bytes`,
      );
    }
    injectPoison(k, block, count);
    let pagesUnmapped = 0;
    const last = Math.floor((block + count - 1) / sectorsPerPage);
    for (let pfn = Math.floor(block / sectorsPerPage); pfn <= last; pfn++)
      if (failMemory(k, toPfn(pfn))) pagesUnmapped += 1;
    return done({ block, count, pagesUnmapped });
  },
});

export const unpoison = defineAtomic({
  name: 'unpoison',
  summary: 'Remove injected media errors',
  doc: 'ndctl inject-error --uninject: the old bytes can be read again.',
  on: 'filesystem',
  route: { method: 'DELETE', path: 'poison', status: 200 },
  args,
  result: z.object({ blocksCleared: zCount }),
  errors: ['EINVAL'],
  run(k, task) {
    const refused = outside(k, task.args);
    if (refused !== null) return refused;
    return done({ blocksCleared: clearPoison(k, task.args.block, task.args.count) });
  },
});
