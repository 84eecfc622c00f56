// Law 1 checked without the kernel's own table: a frame that a pin names is where the pin found it,
// or in no file, and is not free. Read from the views of free space and extents whenever blocks
// move.
import type { Kernel } from '../../src/kernel/state.ts';
import { page } from '../machine.ts';
import { Broken } from './broken.ts';
import { look } from './look.ts';
import type { Happened, Watcher } from './world.ts';

const law = 'law 1';

/**
 * Events after which a block may be elsewhere; collapse and insert have none, and are known by
 * their step.
 */
const moving = new Set<string>([
  'extent.freed',
  'extent.removed',
  'extent.allocated',
  'range.exchanged',
  'file.evicted',
]);

export class Frames implements Watcher {
  /** Pins and frames that have parted as the strategy may. */
  readonly #excused = new Map<string, number>();
  /** Tasks whose scan on 6.12 met a file without a mapping, and so no pins. */
  readonly #blind = new Set<number>();

  /**
   * A pin lives whose frame went free under it, as it may: the kernel's law 1 cannot hold before it
   * is gone.
   */
  excuses(k: Kernel): boolean {
    for (const [pair, pin] of this.#excused)
      if (!k.pins.has(pin as never)) this.#excused.delete(pair);
    return this.#excused.size > 0;
  }

  after(k: Kernel, { effects, stepped }: Happened): void {
    const excused = this.#mayNow(k, stepped);
    for (const event of effects.events) {
      if (event.type !== 'warning.raised') continue;
      if (!excused) throw new Broken(law, event.data.text);
      // By the word of the warning: of a file without a name no view tells where its blocks are.
      for (const { id, pfns } of k.pins.values())
        if (pfns.some((pfn) => pfn === event.data.pfn))
          this.#excused.set(`${id} ${event.data.pfn}`, id);
    }
    if (k.pins.size === 0) return;
    if (stepped?.from !== 'change' && !effects.events.some(({ type }) => moving.has(type))) return;
    for (const [pair, where] of this.#misplaced(k))
      if (!this.#excused.has(pair)) throw new Broken(law, where);
  }

  /**
   * Where docs/scenarios.md and docs/spec.md have blocks go free or move under pins: always under
   * none; under the classic rule in an eviction (S11, S12); and where break-layouts looked, on
   * 6.12, at a file that nobody had mapped.
   */
  #mayNow({ strategy, geometry, inodes }: Kernel, stepped: Happened['stepped']): boolean {
    if (strategy.name === 'none') return true;
    if (stepped === null || strategy.name !== 'break-layouts') return false;
    const { task, from } = stepped;
    if (geometry.kernel === '6.12' && (from === 'scan' || from === 'scanOther')) {
      const unmapped = [task.ino, task.otherIno].some(
        (ino) => inodes.get(ino as never)?.mappings.length === 0,
      );
      if (unmapped) this.#blind.add(task.id);
      else if (from === 'scan') this.#blind.delete(task.id);
    }
    return (
      (strategy.options.idleRule === 'classic' && from === 'evictFree') || this.#blind.has(task.id)
    );
  }

  #misplaced(k: Kernel): Map<string, string> {
    const places = new Map<number, string>();
    const { extents: free } = look(k, 'free-extents') as {
      extents: { pfn: number; pages: number }[];
    };
    for (const { pfn, pages } of free)
      for (let at = pfn; at < pfn + pages; at++) places.set(at, 'free');
    for (const [name, ino] of k.names) {
      const { extents } = look(k, 'extents', { file: name }) as {
        extents: Record<'offset' | 'physical' | 'length', number>[];
      };
      for (const { offset, physical, length } of extents)
        for (let at = 0; at < length / page; at++)
          places.set(physical / page + at, `${ino}:${offset / page + at}`);
    }
    const misplaced = new Map<string, string>();
    for (const { id, ino, first, pfns } of k.pins.values()) {
      for (const [index, pfn] of pfns.entries()) {
        const place = places.get(pfn);
        if (pfn < 0 || place === undefined || place === `${ino}:${first + index}`) continue;
        misplaced.set(
          `${id} ${pfn}`,
          `pfn ${pfn}, pinned by pin_${id} at ${ino}:${first + index}, is ${place}`,
        );
      }
    }
    return misplaced;
  }
}
