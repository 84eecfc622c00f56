// Anonymous pages: private copies, which copy on write makes for a private mapping. They are
// ordinary memory and not frames of the device, so no change of the file affects them. Page tables
// and pins name such a page by a negative number, -2 or below.
import { assert } from '../panic.ts';
import type { AnonPage, Kernel } from '../state.ts';
import { type Pfn, pageSize } from '../units.ts';

/** In place of a pfn: the shared zero page. */
export const zeroPfn = -1 as Pfn;

export const isAnon = (pfn: number): boolean => pfn <= -2;

/** A new page of zeroes with one reference. */
export function createAnon(k: Kernel): Pfn {
  const id = -k.nextAnon as Pfn;
  k.nextAnon += 1;
  k.anonPages.set(id, { bytes: new Uint8Array(pageSize), references: 1 });
  return id;
}

export function anonPage(k: Kernel, pfn: Pfn): AnonPage {
  const page = k.anonPages.get(pfn);
  assert(page !== undefined, 'an anonymous page lives while a page table or a pin names it');
  return page;
}

export function getAnon(k: Kernel, pfn: Pfn): void {
  anonPage(k, pfn).references += 1;
}

export function putAnon(k: Kernel, pfn: Pfn): void {
  const page = anonPage(k, pfn);
  page.references -= 1;
  if (page.references === 0) k.anonPages.delete(pfn);
}
