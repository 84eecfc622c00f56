// One run: a safety phase in which anything may happen, then a liveness phase in which nothing new does and everything must drain.
import { createHash } from 'node:crypto';
import { checkInvariants, type LawName } from '../../src/kernel/invariants.ts';
import type { Kernel } from '../../src/kernel/state.ts';
import type { Action } from './action.ts';
import { Books } from './books.ts';
import { type Config, configOf, mayFreeUnderPins } from './config.ts';
import { Content } from './content.ts';
import { differential } from './differential.ts';
import { drain } from './drain.ts';
import { Driver } from './driver.ts';
import { prng } from './prng.ts';
import { type Counts, noCounts, Sometimes } from './sometimes.ts';
import { Waits } from './waits.ts';
import { Broken, type Happened, type Watcher, World } from './world.ts';

export interface Script {
  config: Config;
  actions: Action[];
}

export interface Options {
  /** After every so many entries the laws of the kernel's own table; 1 by default, 0 leaves the oracles alone. */
  lawsEvery?: number;
  hash?: boolean;
  onLine?: (line: string) => void;
  counts?: Counts;
  /** Play the acknowledged changes again under other strategies. */
  compareStrategies?: boolean;
}

export interface Ran {
  script: Script;
  entries: number;
  hash: string;
  failure: { law: string; message: string } | null;
}

/** The laws of kernel/invariants, all of them after every entry or every few: what is broken once stays broken. Law 1 is excused once the strategy freed a block under a pin, as it may. */
class Laws implements Watcher {
  readonly #excused: LawName[] = [];
  readonly #config: Config;
  readonly #every: number;
  #entries = 0;

  constructor(config: Config, every: number) {
    this.#config = config;
    this.#every = every;
  }

  after(k: Kernel, { effects }: Happened): void {
    const warning = effects.events.find((event) => event.type === 'warning.raised');
    if (warning?.type === 'warning.raised') {
      if (!mayFreeUnderPins(this.#config)) throw new Broken('law 1', warning.data.text);
      if (this.#excused.length === 0) this.#excused.push('law 1');
    }
    this.#entries += 1;
    if (this.#entries % this.#every === 0) checkInvariants(k, { except: this.#excused });
  }
}

class Play {
  readonly world: World;
  readonly content = new Content();
  readonly books = new Books();
  readonly sometimes: Sometimes;
  readonly actions: Action[] = [];
  readonly #hash = createHash('sha256');
  readonly #options: Options;

  constructor(config: Config, options: Options) {
    this.#options = options;
    this.world = new World(config);
    this.sometimes = new Sometimes(options.counts ?? noCounts());
    this.world.watchers.push(this.content, this.books, new Waits(), this.sometimes);
    const { lawsEvery = 1 } = options;
    if (lawsEvery > 0) this.world.watchers.unshift(new Laws(config, lawsEvery));
    this.world.onLine = options.onLine ?? null;
    if (options.hash === true) {
      this.world.onEffects = (effects) => {
        this.#hash.update(JSON.stringify(effects, (_key, part: unknown) => (part instanceof Uint8Array ? [...part] : part)));
      };
    }
  }

  perform(action: Action): void {
    this.actions.push(action);
    const { k } = this.world;
    if (action.do === 'snapshot' && k.sleepers.size > 0) this.sometimes.saw('snapshot under a sleeper');
    this.world.perform(action);
  }

  finish(): void {
    this.content.compareAll(this.world.k);
    this.books.check(this.world.k);
    drain(this.world, this.sometimes);
    this.content.compareAll(this.world.k);
    this.books.check(this.world.k);
    if (this.#options.compareStrategies === true && !this.content.lawless) differential(this.world, this.content);
  }

  ended(failure: Ran['failure']): Ran {
    const script = { config: this.world.config, actions: this.actions };
    return { script, entries: this.world.entries, hash: this.#hash.digest('hex'), failure };
  }
}

/** The first sentence of what went wrong: what a shorter script must still show. */
function failureOf(error: unknown): NonNullable<Ran['failure']> {
  const { message, stack = '' } = error as Error;
  const law = error instanceof Broken ? error.law : (/^law \w+/.exec(message)?.[0] ?? message.split(':')[0] ?? 'error');
  return { law, message: error instanceof Broken || /^law \w+/.test(message) ? message : stack };
}

function guarded(play: Play, body: () => void): Ran {
  try {
    body();
    return play.ended(null);
  } catch (error) {
    return play.ended(failureOf(error));
  }
}

/** A run of the first phase takes some hundred. */
const actionsMax = 10_000;

export function runSeed(seed: number, options: Options = {}): Ran {
  const random = prng(seed);
  const play = new Play(configOf(random), options);
  return guarded(play, () => {
    const driver = new Driver(play.world, random);
    for (const action of driver.beginning()) play.perform(action);
    for (let action = driver.next(); action !== null; action = driver.next()) {
      if (play.actions.length > actionsMax) throw new Broken('liveness', `the first phase goes on after ${actionsMax} actions`);
      play.perform(action);
    }
    play.finish();
  });
}

/** The same again from what was recorded, or from a part of it. */
export function runScript({ config, actions }: Script, options: Options = {}): Ran {
  const play = new Play(config, options);
  return guarded(play, () => {
    for (const action of actions) play.perform(action);
    play.finish();
  });
}
