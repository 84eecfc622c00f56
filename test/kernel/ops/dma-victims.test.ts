// Whose block a device hits through an orphan pin: the event and the result name the new owner.
import { describe, expect, it } from 'vitest';
import { extentsVisitedMax, ownersOf } from '../../../src/kernel/fs/frame-owners.ts';
import { createExtentMap, insertExtent } from '../../../src/kernel/lib/extent-map.ts';
import type { Inode } from '../../../src/kernel/state.ts';
import { toPfn, toPgOff } from '../../../src/kernel/units.ts';
import { fillUp, letters, type Machine, machine, okOf, page } from '../../machine.ts';
import { columns, story } from '../../scenarios/story.ts';

const G = { owner: 'G' };

/** Two pages of `a` are pinned and freed under the pin, and `b` gets their blocks. */
function stolen(): Machine & { orphan: number } {
  const m = machine({ strategy: 'none', except: ['law 1'], blocks: 64 });
  m.create('a');
  m.write('a', letters('ABCD'), 0);
  const map = m.map('a', 4);
  const pin = m.pinned(map, 0, 3 * page, G);
  m.punch('a', 0, 2 * page);
  fillUp(m, 'b');
  return { ...m, orphan: pin };
}

const of = (inode: Inode) => ({ ino: inode.ino, file: inode.name });

describe('DM3 a DMA write through an orphan pin', () => {
  it('names the file, the page and the frames that it hit', () => {
    const m = stolen();
    const result = okOf(m.dmaWrite(m.orphan, letters('ZZZ')));
    expect(result).toEqual({
      bytesWritten: 3 * page,
      pagesOrphan: 2,
      foreign: 2,
      victims: expect.any(Array),
    });
    const [victim] = result.victims as { pgoff: number }[];
    expect(victim).toMatchObject({ ...of(m.file('b')), pfn: 2, pages: 2 });
    const pgoff = victim?.pgoff ?? 0;
    expect(m.seen('dma.written').at(-1)?.data).toMatchObject({
      orphan: 2,
      foreign: 2,
      victims: result.victims,
    });
    const hit = okOf(m.read('b', pgoff * page, 2 * page)).data as Uint8Array;
    expect([hit[0], hit[page]]).toEqual([0x5a, 0x5a]);
  });

  it('changes the ETag of the victim, whose content changes, and of the file of the pin', () => {
    const m = stolen();
    const before = [m.file('a').version, m.file('b').version];
    m.dmaWrite(m.orphan, letters('Z'));
    expect([m.file('a').version, m.file('b').version]).toEqual([before[0], (before[1] ?? 0) + 1]);
    m.dmaWrite(m.orphan, letters('Z'), 2 * page);
    expect(m.file('a').version).toBe((before[0] ?? 0) + 1);
  });

  it('names the owner by its mapping entry where it was faulted in, and an unlinked one', () => {
    const m = stolen();
    const map = m.map('b', m.file('b').sizeBytes / page);
    m.fault(map, 0, 'read', {}, m.file('b').sizeBytes);
    m.unlink('b');
    expect(okOf(m.dmaWrite(m.orphan, letters('Z'))).victims).toMatchObject([
      { file: 'b', unlinked: true, pfn: 2, pages: 1 },
    ]);
  });

  it('names nobody where the block is free, busy or detached', () => {
    for (const column of ['none', 'busy-extents'] as const) {
      const m = story(column);
      const pin = m.pinned(m.mapping, 0, page, G);
      m.punch('a', 0, page);
      expect(okOf(m.dmaWrite(pin, letters('Z')))).toEqual({
        bytesWritten: page,
        pagesOrphan: 1,
        foreign: 0,
        victims: [],
      });
    }
  });

  it('names the file itself where its block moved', () => {
    const m = story('none', { strategy: columns.none });
    const pin = m.pinned(m.mapping, 5 * page, page, G);
    m.collapse('a', 0, page);
    expect(okOf(m.dmaWrite(pin, letters('Z')))).toMatchObject({
      foreign: 1,
      victims: [{ ...of(m.file('a')), pgoff: 4, pages: 1 }],
    });
  });

  it('says nothing of victims where no page is an orphan', () => {
    const m = story('none');
    const pin = m.pinned(m.mapping, 0, page, G);
    expect(okOf(m.dmaWrite(pin, letters('Z')))).toEqual({ bytesWritten: page, pagesOrphan: 0 });
    m.dmaRead(pin);
    expect(Object.keys(m.seen('dma.read').at(-1)?.data ?? {})).not.toContain('victims');
  });

  it('may miss owners where there are too many extents to search, and knows it', () => {
    const m = stolen();
    const b = m.file('b');
    const { extents } = b;
    expect(ownersOf(m.k, [toPfn(2)])).toMatchObject({ complete: true, owners: { size: 1 } });
    b.extents = createExtentMap();
    for (let i = 0; i <= extentsVisitedMax; i++)
      insertExtent(b.extents, {
        pgoff: toPgOff(2 * i),
        pfn: toPfn(1_000_000 + 2 * i),
        pages: 1,
        written: true,
      });
    expect(ownersOf(m.k, [toPfn(2)])).toMatchObject({ complete: false, owners: { size: 0 } });
    b.extents = extents;
  });
});
