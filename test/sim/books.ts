// Free space and pins, recounted from the views: every block is in one place, and every frame has
// as many references as pins name it.
import type { Kernel } from '../../src/kernel/state.ts';
import { page } from '../machine.ts';
import { Broken } from './broken.ts';
import { look } from './look.ts';
import type { Happened, Watcher } from './world.ts';

interface Runs {
  pfn: number;
  pages: number;
}

interface Frame {
  pfn: number;
  pins: number;
  state: string;
  file: string | null;
}

/** Every this many entries: a look at five views costs more than a step. */
const every = 16;

export class Books implements Watcher {
  /** Inodes that lost their name and live on: their blocks are in no view. */
  readonly #orphans = new Set<number>();
  readonly #live = new Map<string, number>();
  #acquired = 0;
  #released = 0;
  #entries = 0;

  after(k: Kernel, { effects, command }: Happened): void {
    for (const event of effects.events) {
      if (event.type === 'file.unlinked') this.#orphans.add(event.data.ino);
      else if (event.type === 'file.evicted') this.#orphans.delete(event.data.ino);
      else if (event.type === 'page.pinned') {
        this.#live.set(event.data.pin, event.data.pages);
        this.#acquired += event.data.pages;
      } else if (event.type === 'page.unpinned') {
        this.#unpin(event.data.pin, event.data.pages);
      }
    }
    if (command.op === 'power-cycle') {
      for (const [pin, pages] of [...this.#live]) this.#unpin(pin, pages);
      this.#orphans.clear();
    }
    this.#entries += 1;
    if (this.#entries % every === 0) this.check(k);
  }

  #unpin(pin: string, pages: number): void {
    if (this.#live.get(pin) !== pages)
      throw new Broken('law 12', `${pin} let ${pages} pages go, and had ${this.#live.get(pin)}`);
    this.#live.delete(pin);
    this.#released += pages;
  }

  check(k: Kernel): void {
    this.#checkSpace(k);
    this.#checkPins(k);
  }

  #checkSpace(k: Kernel): void {
    const law = 'law 13';
    const { space } = look(k, 'filesystem') as { space: Record<string, number> };
    const {
      blocks = 0,
      blocksMetadata = 0,
      blocksUsed = 0,
      blocksFree,
      blocksBusy,
      blocksDetached,
    } = space;
    const places = new Array<string>(blocks).fill('');
    const put = ({ pfn, pages }: Runs, place: string): number => {
      for (let at = pfn; at < pfn + pages; at++) {
        if (at >= blocks || places[at] !== '')
          throw new Broken(law, `block ${at} is ${places[at]} and ${place}`);
        places[at] = place;
      }
      return pages;
    };
    const sum = (runs: Runs[], place: string): number =>
      runs.reduce((total, run) => total + put(run, place), 0);
    put({ pfn: 0, pages: blocksMetadata }, 'metadata');
    const free = sum((look(k, 'free-extents') as { extents: Runs[] }).extents, 'free');
    const lists = look(k, 'busy-extents', {}, { pageSize: 1000 }) as {
      extents: Runs[];
      detached: Runs[];
    };
    const busy = sum(lists.extents, 'busy');
    const detached = sum(lists.detached, 'detached');
    let owned = 0;
    for (const name of k.names.keys()) {
      const { extents } = look(k, 'extents', { file: name }) as {
        extents: { physical: number; length: number }[];
      };
      for (const { physical, length } of extents)
        owned += put({ pfn: physical / page, pages: length / page }, `of ${name}`);
    }
    const nowhere = places.filter((place) => place === '').length;
    if (nowhere > 0 && this.#orphans.size === 0)
      throw new Broken(law, `${nowhere} blocks are nowhere`);
    const told = [blocksFree, blocksBusy, blocksDetached, blocksUsed].join();
    const counted = [free, busy, detached, owned + nowhere].join();
    if (told !== counted)
      throw new Broken(law, `free, busy, detached and used are ${counted}, statfs says ${told}`);
  }

  #checkPins(k: Kernel): void {
    const law = 'law 12';
    const onFrame = new Map<number, number>();
    const { items } = look(k, 'pins', {}, { pageSize: 1000 }) as {
      items: { id: string; pages: { pfn: number | null }[] }[];
    };
    const complete = new Set(this.#live.keys());
    for (const { id, pages } of items) {
      if (complete.delete(id) && pages.length !== this.#live.get(id))
        throw new Broken(law, `${id} has ${pages.length} pages`);
      for (const { pfn } of pages) if (pfn !== null) onFrame.set(pfn, (onFrame.get(pfn) ?? 0) + 1);
    }
    if (complete.size > 0) throw new Broken(law, `${[...complete].join()} vanished`);
    const frames = look(k, 'pages', {}, { pinned: true, pageSize: 1000 }) as { items: Frame[] };
    for (const { pfn, pins, state, file } of frames.items) {
      // Its mapping entry went with the block.
      if (state !== 'used' && file !== null)
        throw new Broken('law 5', `pfn ${pfn} is ${state} and says that it is of ${file}`);
      if (onFrame.get(pfn) !== pins)
        throw new Broken(law, `pfn ${pfn} counts ${pins} pins, ${onFrame.get(pfn) ?? 0} name it`);
      onFrame.delete(pfn);
    }
    if (onFrame.size > 0)
      throw new Broken(law, `pinned and not listed: ${[...onFrame.keys()].join()}`);
    const { counts } = look(k, 'filesystem') as {
      counts: { pinsAcquired: number; pinsReleased: number };
    };
    const told = `${counts.pinsAcquired} ${counts.pinsReleased}`;
    if (told !== `${this.#acquired} ${this.#released}`)
      throw new Broken(law, `${this.#acquired} got, ${this.#released} let go; told ${told}`);
  }
}
