// Poison: 512-byte sectors that the medium can no longer read. Mirrors the badblocks list of
// drivers/nvdimm/pmem.c: a write of a whole page repairs its sectors, and a smaller write does not.
import type { Kernel } from '../state.ts';
import { type Pfn, pageSize } from '../units.ts';

export const sectorBytes = 512;
export const sectorsPerPage = pageSize / sectorBytes;

export function injectPoison(k: Kernel, sector: number, count: number): void {
  for (let at = sector; at < sector + count; at++) k.pmem.badSectors.add(at);
}

/** Returns how many sectors were bad. */
export function clearPoison(k: Kernel, sector: number, count: number): number {
  if (k.pmem.badSectors.size === 0) return 0;
  let cleared = 0;
  for (let at = sector; at < sector + count; at++) if (k.pmem.badSectors.delete(at)) cleared += 1;
  return cleared;
}

export function isPoisoned(k: Kernel, pfn: Pfn): boolean {
  if (k.pmem.badSectors.size === 0) return false;
  const first = pfn * sectorsPerPage;
  for (let sector = first; sector < first + sectorsPerPage; sector++)
    if (k.pmem.badSectors.has(sector)) return true;
  return false;
}

/** The runs of bad sectors, ascending, as ndctl lists them. */
export function badblocksOf(k: Kernel): { block: number; count: number }[] {
  const runs: { block: number; count: number }[] = [];
  for (const sector of [...k.pmem.badSectors].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.block + last.count === sector) last.count += 1;
    else runs.push({ block: sector, count: 1 });
  }
  return runs;
}
