// S27, poison in a pinned page: an access gets SIGBUS, the pin stays, and a write of whole pages
// repairs it.
import { describe, expect, test } from 'vitest';
import { letters, okOf, page, wordOf } from '../machine.ts';
import { blockOf, contentOf, golden, space, story } from './story.ts';

const blocksOfPage = (pfn: number) => ({ block: pfn * 8 + 3, count: 1 });

describe('S27 poison', () => {
  test('S27 a poisoned page is unmapped everywhere; load, store, pin, read and DMA each say it in their way', async () => {
    const m = story('break-layouts.modern');
    const pfn = blockOf(m, 'a', 0);
    m.fault(m.mapping, 0, 'write');
    const pin = m.pinned(m.mapping, 0, page);
    expect(okOf(m.call('poison', {}, blocksOfPage(pfn)))).toMatchObject({ pagesUnmapped: 1 });
    expect(wordOf(m.load(m.mapping, 0, 1))).toBe('SIGBUS');
    expect(wordOf(m.store(m.mapping, 0, letters('x')))).toBe('SIGBUS');
    expect(wordOf(m.pin(m.mapping, 0, page))).toBe('EFAULT');
    expect(wordOf(m.pin(m.mapping, 0, page, {}, { hwpoison: true }))).toBe('EHWPOISON');
    expect(wordOf(m.dmaRead(pin))).toBe('EIO');
    // The whole range is checked: page 1 is good, and the read fails all the same.
    expect(wordOf(m.read('a', 0, 2 * page))).toBe('EIO');
    expect(wordOf(m.read('a', page, page))).toBe('done');
    m.unpin(pin);
    await golden(m, 'S27');
  });

  test('S27 a write of a part fails and changes nothing, a write of the page repairs it', () => {
    const m = story('break-layouts.modern');
    m.call('poison', {}, blocksOfPage(blockOf(m, 'a', 1)));
    expect(wordOf(m.write('a', letters('z').subarray(0, 100), page + 8))).toBe('EFAULT');
    expect(m.k.pmem.badSectors.size).toBe(1);
    expect(wordOf(m.write('a', letters('z'), page))).toBe('done');
    expect(m.k.pmem.badSectors.size).toBe(0);
    expect(contentOf(m, 'a')).toBe('AzCDEFGH');
  });

  // Measured on 6.12.111 and 7.3.4, by bad blocks written to sysfs.
  test.each([
    {
      what: 'a part of the bad page',
      offset: page + 10,
      length: 10,
      written: 'EFAULT',
      repaired: false,
    },
    { what: 'the head of it', offset: page, length: 10, written: 'EFAULT', repaired: false },
    {
      what: 'the page before and a part of it',
      offset: 0,
      length: page + 100,
      written: page,
      repaired: false,
    },
    {
      what: 'a part of the page before and all of it',
      offset: 100,
      length: 2 * page - 100,
      written: 2 * page - 100,
      repaired: true,
    },
    {
      what: 'all of it and a part of the next',
      offset: page,
      length: page + 10,
      written: page + 10,
      repaired: true,
    },
    {
      what: 'parts of both neighbours',
      offset: 100,
      length: 2 * page,
      written: 2 * page,
      repaired: true,
    },
    { what: 'the page before alone', offset: 10, length: 20, written: 20, repaired: false },
    {
      what: 'the tail of it and the next',
      offset: 2 * page - 10,
      length: page,
      written: 'EFAULT',
      repaired: false,
    },
  ])('S27 PO3 a write of $what', ({ offset, length, written, repaired }) => {
    const m = story('break-layouts.modern');
    m.call('poison', {}, blocksOfPage(blockOf(m, 'a', 1)));
    const ran = m.write('a', new Uint8Array(length).fill(9), offset);
    if (typeof written === 'number') expect(okOf(ran)).toMatchObject({ bytesWritten: written });
    else expect(ran.outcome).toMatchObject({ failure: { errno: written, rule: 'PO3' } });
    expect(m.k.pmem.badSectors.size).toBe(repaired ? 0 : 1);
  });

  test('S27 a device that writes a poisoned page goes past the driver: it stays on the list', () => {
    const m = story('break-layouts.modern');
    const pin = m.pinned(m.mapping, page, page);
    m.call('poison', {}, blocksOfPage(blockOf(m, 'a', 1)));
    expect(wordOf(m.dmaWrite(pin, letters('d')))).toBe('done');
    expect(m.k.pmem.badSectors.size).toBe(1);
    expect(wordOf(m.read('a', page, page))).toBe('EIO');
    expect(wordOf(m.dmaRead(pin))).toBe('EIO');
  });

  test('S27 busy-extents: the frame stays busy while pinned; punched and handed out again it is good', () => {
    const m = story('busy-extents');
    const pfn = blockOf(m, 'a', 0);
    const pin = m.pinned(m.mapping, 0, page);
    m.call('poison', {}, blocksOfPage(pfn));
    m.punch('a', 0, page);
    expect(space(m).busy).toBe(1);
    m.unpin(pin);
    expect(space(m).busy).toBe(0);
    m.store(m.mapping, 0, letters('n'));
    expect(blockOf(m, 'a', 0)).toBe(pfn);
    expect(m.k.pmem.badSectors.size).toBe(0);
    expect(contentOf(m, 'a')).toBe('nBCDEFGH');
  });

  test('S27 zeroing a part of it goes through and repairs nothing', () => {
    const m = story('break-layouts.modern');
    m.call('poison', {}, blocksOfPage(blockOf(m, 'a', 1)));
    expect(wordOf(m.punch('a', page + 100, 200))).toBe('done');
    expect(wordOf(m.truncate('a', page + 50))).toBe('done');
    expect(m.k.pmem.badSectors.size).toBe(1);
    expect(wordOf(m.read('a'))).toBe('EIO');
  });

  test('S27 metadata can be poisoned without effect', () => {
    const m = story('break-layouts.modern');
    expect(okOf(m.call('poison', {}, { block: 0 }))).toMatchObject({ pagesUnmapped: 0 });
    expect(wordOf(m.write('a', letters('w'), 0))).toBe('done');
  });

  test('S27 uninject brings the bytes back; a block outside the device is EINVAL', () => {
    const m = story('none');
    const at = blocksOfPage(blockOf(m, 'a', 2));
    m.call('poison', {}, at);
    expect(wordOf(m.read('a'))).toBe('EIO');
    expect(okOf(m.call('unpoison', {}, at))).toEqual({ blocksCleared: 1 });
    expect(wordOf(m.read('a'))).toBe('done');
    expect(wordOf(m.call('poison', {}, { block: 256 * 8, count: 1 }))).toBe('EINVAL');
  });
});
