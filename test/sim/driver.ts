// Chooses what happens next: which owner issues which command, and which task takes the next step.
// It sees the machine as a user does, through the results of its own commands.
import type { TaskId } from '../../src/kernel/units.ts';
import { type By, page } from '../machine.ts';
import type { Action, Call, Label } from './action.ts';
import { type Config, choicesFor, mayFreeUnderPins, type Verb, verbs } from './config.ts';
import type { Prng } from './prng.ts';
import type { World } from './world.ts';

const fileNames = ['a', 'b', 'c'];

interface Owner {
  name: string;
  /** The operation that it waits for; an owner is one thread. */
  busyWith: Label;
  pins: Label[];
  priority: number;
}

interface Mover {
  priority: number;
  owner: Owner | null;
  act(): Action | null;
}

export class Driver {
  readonly #world: World;
  readonly #config: Config;
  readonly #random: Prng;
  readonly #owners: Owner[];
  #mappings: Label[] = [];
  #nextLabel = 1;
  #left: number;
  /**
   * Steps once nothing new is asked for. Who spins on a page (S31) would go on for ever: its pin is
   * let go in the second phase.
   */
  #stepsLeft = 1000;
  #sinceChange = 0;
  #fill = 0;

  constructor(world: World, random: Prng) {
    this.#world = world;
    this.#config = world.config;
    this.#random = random;
    this.#left = this.#config.commands;
    this.#owners = ['G', 'H', 'P', 'T', 'U'].slice(0, this.#config.owners).map((name) => ({
      name,
      busyWith: 0,
      pins: [],
      priority: random.below(1000),
    }));
  }

  /** Files, mappings and contents to begin with. */
  *beginning(): Generator<Action> {
    const { files, pages } = this.#config;
    for (const file of fileNames.slice(0, files)) {
      yield this.#call('create', {
        args: { name: file, sizeBytes: this.#random.oneIn(3) ? pages * page : 0 },
      });
      if (!this.#random.oneIn(4)) {
        const write = this.#call('write', {
          file,
          args: { offset: 0 },
          fill: this.#bytes(pages * page - this.#random.below(2) * 100),
        });
        yield write;
        for (let steps = 0; steps < 10; steps++) yield { do: 'step', of: write.id };
      }
      const map = this.#call('mmap', {
        file,
        args: { offset: 0, length: (pages + 1) * page, access: 'read-write' },
      });
      this.#mappings.push(map.id);
      yield map;
    }
  }

  /** The next action; null at the end of the first phase. */
  next(): Action | null {
    if (this.#left <= 0) this.#stepsLeft -= 1;
    if (this.#stepsLeft === 0) return null;
    for (let tries = 0; tries < 20; tries++) {
      const movers = this.#movers();
      if (movers.length === 0) return null;
      const action = this.#chosen(movers).act();
      if (action !== null) return action;
    }
    return null;
  }

  #movers(): Mover[] {
    const { k } = this.#world;
    const movers: Mover[] = [];
    const own = new Set<TaskId>();
    let waiting = 0;
    for (const owner of this.#owners) {
      const id = this.#world.made.get(owner.busyWith)?.task as TaskId | undefined;
      const alive = id !== undefined && k.tasks.has(id);
      if (alive) own.add(id);
      if (!alive && this.#left > 0)
        movers.push({ priority: owner.priority, owner, act: () => this.#command(owner) });
      else if (alive && k.runnable.includes(id))
        movers.push({
          priority: owner.priority,
          owner,
          act: () => ({ do: 'step', of: owner.busyWith }),
        });
      else if (alive) waiting += 1;
    }
    if (k.workqueue.length > 0)
      movers.push({ priority: 300, owner: null, act: () => ({ do: 'step', of: 'kworker' }) });
    for (const id of k.runnable) {
      if (own.has(id)) continue;
      const label = this.#world.labelOf.get(id);
      movers.push({
        priority: 500,
        owner: null,
        act: () => ({ do: 'step', of: label ?? 'evict' }),
      });
    }
    // The world round them: more of it where everybody else waits.
    if (
      this.#left > 0 &&
      (waiting === this.#owners.length ||
        this.#random.oneIn(this.#config.changing || this.#config.outages ? 4 : 12))
    )
      movers.push({ priority: 1001, owner: null, act: () => this.#worldly() });
    return movers;
  }

  #chosen(movers: readonly Mover[]): Mover {
    const { scheduler } = this.#config;
    if (scheduler.by === 'starving') {
      const others = movers.filter(
        ({ owner }) => owner === null || owner !== this.#owners[scheduler.victim],
      );
      return this.#random.pick(others.length > 0 ? others : movers);
    }
    if (scheduler.by === 'uniform') return this.#random.pick(movers);
    this.#sinceChange += 1;
    if (this.#sinceChange > 60 / scheduler.changes && this.#random.oneIn(10)) {
      this.#sinceChange = 0;
      for (const owner of this.#owners) owner.priority = this.#random.below(1000);
    }
    return movers.reduce((best, mover) => (mover.priority > best.priority ? mover : best));
  }

  #call(op: string, more: Omit<Call, 'do' | 'id' | 'op'>): Call {
    const id = this.#nextLabel;
    this.#nextLabel += 1;
    return { do: 'call', id, op, ...more };
  }

  #bytes(bytes: number): { byte: number; bytes: number } {
    this.#fill = (this.#fill % 250) + 1;
    return { byte: this.#fill, bytes };
  }

  #by(owner: Owner): By {
    const random = this.#random;
    // Sometimes an owner has a second thread, and sometimes nobody says who asks.
    const name = random.oneIn(16) ? random.pick(this.#owners).name : owner.name;
    return {
      ...(random.oneIn(12) ? {} : { owner: name }),
      ...(random.oneIn(12) ? { nowait: true } : {}),
      ...(random.oneIn(12) ? { timeoutMs: 5 } : {}),
      ...(random.oneIn(this.#config.deadlockOneIn) ? { failOnDeadlock: true } : {}),
    };
  }

  /** A byte of a file: mostly where a page begins. */
  #place(pages: number): number {
    const start = this.#random.below(pages) * page;
    return this.#random.oneIn(4) ? start + this.#random.pick([1, 100, 2048, page - 1]) : start;
  }

  #command(owner: Owner): Action | null {
    const { k, made } = this.#world;
    owner.pins = owner.pins.filter((label) => k.pins.has(made.get(label)?.thing as never));
    this.#mappings = this.#mappings.filter((label) =>
      k.mappings.has(made.get(label)?.thing as never),
    );
    const { leapfrog } = this.#config;
    // One waits; the others hold one page each, and let it go when another holds one.
    const stays = (verb: Verb): boolean => {
      if (verb === 'unpin')
        return ![...k.pins.values()].some((pin) => pin.task === 0 && pin.owner !== owner.name);
      if (verb === 'punch-hole' && [...k.tasks.values()].some(({ op }) => op === verb)) return true;
      return owner.pins.length > 0 && verb !== 'dma-write';
    };
    const weight = (verb: Verb): number => {
      const usual = this.#config.weights[verb];
      if (leapfrog && stays(verb)) return 0;
      if (['unpin', 'dma-write', 'dma-read'].includes(verb)) return owner.pins.length * usual;
      if (['pin', 'load', 'store', 'fault', 'munmap'].includes(verb) && this.#mappings.length === 0)
        return 0;
      return verb === 'pin' && owner.pins.length > 2 ? usual / 3 : usual;
    };
    const verb = verbs[this.#random.weighted(verbs.map(weight))];
    if (verb === undefined) return null;
    this.#left -= 1;
    const call = this.#callOf(verb, owner);
    if (call.op === 'mmap') this.#mappings.push(call.id);
    if (call.op === 'pin') owner.pins.push(call.id);
    // What runs at once leaves its owner free.
    if (!['unpin', 'dma-write', 'dma-read', 'mmap', 'create'].includes(verb))
      owner.busyWith = call.id;
    return call;
  }

  #callOf(verb: Verb, owner: Owner): Call {
    const random = this.#random;
    const { files, pages } = this.#config;
    const by = this.#by(owner);
    const file = random.pick(fileNames.slice(0, files));
    const on = this.#mappings.length === 0 ? {} : { mapping: random.pick(this.#mappings) };
    const whole = random.oneIn(4) ? 0 : page;
    const range = {
      offset: whole === 0 ? this.#place(pages + 1) : random.below(pages + 1) * page,
      length: whole === 0 ? this.#place(4) : (1 + random.below(3)) * page,
    };
    const inMapping = random.below(pages) * page;
    switch (verb) {
      case 'unpin':
      case 'dma-read':
        return this.#call(verb, { pin: random.pick(owner.pins), args: {} });
      case 'dma-write': {
        const pin = random.pick(owner.pins);
        const { k, made } = this.#world;
        const begins = k.pins.get(made.get(pin)?.thing as never)?.offset ?? 0;
        return this.#call(verb, {
          pin,
          args: { offset: begins + random.below(2) * 100 },
          fill: this.#bytes(200),
        });
      }
      case 'pin': {
        const more = {
          access: random.oneIn(3) ? 'read' : 'write',
          longterm: random.oneIn(10),
          ...(random.oneIn(6) ? { holdMs: 3 } : {}),
        };
        return this.#call(verb, {
          ...on,
          args: {
            offset: inMapping,
            length: (1 + random.below(this.#config.leapfrog ? 1 : 3)) * page,
            ...more,
          },
          by,
        });
      }
      case 'load':
        return this.#call(verb, { ...on, args: { offset: inMapping, length: page }, by });
      case 'store':
        return this.#call(verb, {
          ...on,
          args: { offset: inMapping + random.pick([0, 1, 2000, 4000]) },
          fill: this.#bytes(90),
          by,
        });
      case 'fault':
        return this.#call(verb, {
          ...on,
          args: {
            offset: inMapping,
            length: (1 + random.below(2)) * page,
            access: random.oneIn(2) ? 'read' : 'write',
          },
          by,
        });
      case 'munmap':
        return this.#call(verb, { ...on, args: {}, by });
      case 'mmap': {
        const first = random.oneIn(4) ? 1 : 0;
        const args = {
          offset: first * page,
          length: (pages + 1 - first) * page,
          access: 'read-write',
          shared: !random.oneIn(this.#config.privateOneIn),
        };
        return this.#call(verb, { file, args, by: { owner: owner.name } });
      }
      case 'create':
        return this.#call(verb, { args: { name: file, sizeBytes: this.#place(pages) } });
      case 'flush': {
        const how = random.oneIn(3) ? 'msync' : 'clwb';
        const offset = inMapping + (how === 'msync' ? 0 : random.pick([0, 100, 4000]));
        return this.#call(verb, {
          ...on,
          args: { offset, length: random.pick([1, 64, page]), how },
          by,
        });
      }
      case 'rename': {
        const name = random.pick(fileNames.slice(0, files));
        return this.#call(verb, { file, args: { name, replace: random.oneIn(2) }, by });
      }
      case 'unlink':
        return this.#call(verb, { file, args: {}, by });
      case 'truncate':
        return this.#call(verb, { file, args: { sizeBytes: this.#place(pages + 2) }, by });
      case 'write':
        return this.#call(verb, {
          file,
          args: { offset: range.offset },
          fill: this.#bytes(range.length),
          by,
        });
      case 'replace':
        return this.#call('write', { file, args: {}, fill: this.#bytes(range.length), by });
      case 'exchange-range': {
        const other = random.pick(fileNames.slice(0, files));
        const places = {
          offset: random.below(3) * page,
          withOffset: random.below(3) * page,
          length: (1 + random.below(2)) * page,
        };
        return this.#call(verb, { file, args: { with: other, ...places }, by });
      }
      case 'zero-range':
      case 'allocate':
        return this.#call(verb, { file, args: { ...range, keepSize: random.oneIn(2) }, by });
      default:
        return this.#call(verb, { file, args: range, by });
    }
  }

  /** Signals, time, another strategy, a power cut, a snapshot, a bad sector. */
  #worldly(): Action | null {
    const random = this.#random;
    this.#left -= 1;
    const { changing, outages, poison, blocks } = this.#config;
    const strategy = mayFreeUnderPins(this.#config) ? 0 : changing ? 40 : 1;
    switch (
      random.weighted([8, 6, strategy, outages ? 30 : 1, 2, 1, 1, poison ? 8 : 0, poison ? 3 : 0])
    ) {
      case 0: {
        const { k, labelOf } = this.#world;
        const live = [...k.tasks.keys()].flatMap((id) => labelOf.get(id) ?? []);
        if (live.length === 0) return null;
        return this.#call('cancel', {
          operation: random.pick(live),
          args: { restart: random.oneIn(3) },
        });
      }
      case 1:
        return this.#call('clock-advance', { args: { ms: random.pick([1, 3, 10]) } });
      case 2: {
        const choice = random.pick(choicesFor(this.#config));
        return this.#call('set-strategy', { args: choice });
      }
      case 3: {
        if (!outages && !random.oneIn(2)) return null;
        for (const owner of this.#owners) owner.pins = [];
        this.#mappings = [];
        return this.#call('power-cycle', {
          args: { drop: random.pick(['none', 'some', 'all']), seed: random.below(1000) },
        });
      }
      case 4:
        return { do: 'snapshot' };
      case 5:
        return { do: 'replay' };
      case 6:
        return this.#call('sync', { args: {} });
      case 7:
        return this.#call('poison', {
          args: { block: 8 * random.below(blocks) + random.below(8), count: 1 + random.below(9) },
        });
      default:
        return this.#call('unpoison', { args: { block: 0, count: 8 * blocks } });
    }
  }
}
