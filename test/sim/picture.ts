// A picture of the machine drawn from its events alone, as a page draws it, compared with the
// machine: the frames of pins, what mappings map, who holds which lock, and who sleeps.
import type { KernelEvent } from '../../src/kernel/events.ts';
import { eachEntry } from '../../src/kernel/lib/xarray.ts';
import type { Kernel, Mapping } from '../../src/kernel/state.ts';
import { mappingId, opId, pinId } from '../../src/kernel/units.ts';
import { page } from '../machine.ts';
import { Broken } from './broken.ts';
import type { Happened, Watcher } from './world.ts';

const pagesPerPmd = 512;

/** Every this many entries, because a look at all page tables costs more than a step. */
const every = 8;

type Runs = readonly { pfn: number | null; pages: number }[];

const framesOf = (runs: Runs): string =>
  runs.map(({ pfn, pages }) => `${pfn ?? '-'}+${pages}`).join();

export class Picture implements Watcher {
  readonly #pins = new Map<string, string>();
  readonly #mapped = new Map<string, Set<number>>();
  readonly #locks = new Set<string>();
  readonly #asleep = new Set<string>();
  #entries = 0;

  after(k: Kernel, { effects }: Happened): void {
    for (const event of effects.events) {
      this.#drawPins(event);
      this.#drawMappings(event);
      this.#drawTasks(event);
    }
    this.#entries += 1;
    if (this.#entries % every === 0) this.check(k);
  }

  #drawPins({ type, data }: KernelEvent): void {
    if (type === 'page.collected' || type === 'page.pinned')
      this.#pins.set(data.pin, framesOf(data.runs));
    else if (type === 'page.unpinned' || type === 'page.dropped') {
      if (this.#pins.get(data.pin) !== framesOf(data.runs))
        throw new Broken('law E1', `${data.pin} had ${this.#pins.get(data.pin)}`);
      this.#pins.delete(data.pin);
    } else if (type === 'power.restored') this.#pins.clear();
  }

  #drawMappings({ type, data }: KernelEvent): void {
    if (type === 'mapping.created') this.#mapped.set(data.mapping, new Set());
    else if (type === 'mapping.removed') this.#mapped.delete(data.mapping);
    else if (type === 'power.restored') this.#mapped.clear();
    else if (type === 'page.faulted' && data.result !== 'SIGBUS')
      this.#mapped.get(data.mapping)?.add(data.pgoff);
    else if (type === 'page.pmd_faulted' && data.result === 'NOPAGE')
      for (let i = 0; i < pagesPerPmd; i++) this.#mapped.get(data.mapping)?.add(data.pgoff + i);
    else if (type === 'page.unmapped')
      for (const { mapping, offset, length } of data.mappings)
        for (let at = offset; at < offset + length; at += page)
          this.#mapped.get(mapping)?.delete(at / page);
  }

  #drawTasks({ type, task, ino, data }: KernelEvent): void {
    const lock = 'lock' in data ? `${ino} ${data.lock} ${task}` : '';
    if (type === 'lock.acquired') this.#locks.add(`${lock} ${data.mode}`);
    else if (type === 'lock.released') {
      if (!this.#locks.delete(`${lock} ${data.mode}`))
        throw new Broken('law E1', `op_${task} never got the ${data.lock} that it released`);
    } else if (type === 'task.blocked') this.#asleep.add(opId(task as never));
    else if (type === 'task.woken' || type.startsWith('operation.'))
      this.#asleep.delete(opId(task as never));
    else if (type === 'power.cut') {
      this.#locks.clear();
      this.#asleep.clear();
    }
  }

  check(k: Kernel): void {
    const pins = [...k.pins.values()].flatMap(({ id, pfns }) =>
      pfns.length === 0 ? [] : [`${pinId(id)} ${framesOf(runsOf(pfns))}`],
    );
    this.#compare(
      'pins',
      [...this.#pins].map(([pin, frames]) => `${pin} ${frames}`),
      pins,
    );
    const locks = [...k.tasks.values()].flatMap(({ id, locks: held }) =>
      held.map(({ ino, lock, mode }) => `${ino} ${lock} ${id} ${mode}`),
    );
    this.#compare('locks', [...this.#locks], locks);
    const asleep = [...k.sleepers].filter((id) => k.tasks.get(id)?.sleep?.on !== 'spin');
    this.#compare('sleepers', [...this.#asleep], asleep.map(opId));
    this.#compare('mappings', [...this.#mapped.keys()], [...k.mappings.keys()].map(mappingId));
    for (const mapping of k.mappings.values()) this.#checkMapped(mapping);
  }

  /** Private copies survive an unmap, and the event does not say which pages are copies. */
  #checkMapped(mapping: Mapping): void {
    if (!mapping.shared) return;
    const present: string[] = [];
    eachEntry(mapping.ptes, 0, mapping.pages - 1, (index) => {
      present.push(String(mapping.first + index));
    });
    const drawn = [...(this.#mapped.get(mappingId(mapping.id)) ?? [])].map(String);
    this.#compare(`pages of ${mappingId(mapping.id)}`, drawn, present);
  }

  #compare(what: string, drawn: readonly string[], there: readonly string[]): void {
    const [a, b] = [[...drawn].sort().join('; '), [...there].sort().join('; ')];
    if (a !== b) throw new Broken('law E1', `${what} by the events: ${a}; in the machine: ${b}`);
  }
}

function runsOf(pfns: readonly number[]): Runs {
  const runs: { pfn: number | null; pages: number }[] = [];
  for (const pfn of pfns) {
    const last = runs.at(-1);
    const isNext =
      last !== undefined && (pfn < 0 ? last.pfn === null : last.pfn === pfn - last.pages);
    if (isNext) last.pages += 1;
    else runs.push({ pfn: pfn < 0 ? null : pfn, pages: 1 });
  }
  return runs;
}
