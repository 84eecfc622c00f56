// One run: a safety phase in which anything can happen, then a liveness phase in which nothing new
// is started and everything must finish.
import { createHash } from 'node:crypto';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import type { Kernel } from '../../src/kernel/state.ts';
import type { Action } from './action.ts';
import { Books } from './books.ts';
import { Broken, type NoticedBy, noticedBy } from './broken.ts';
import { type Config, configOf } from './config.ts';
import { Content } from './content.ts';
import { differential } from './differential.ts';
import { drain } from './drain.ts';
import { Driver } from './driver.ts';
import { Frames } from './frames.ts';
import { Locks } from './locks.ts';
import { Picture } from './picture.ts';
import { prng } from './prng.ts';
import { type Counts, noCounts, Sometimes } from './sometimes.ts';
import { Waits } from './waits.ts';
import { type Watcher, World } from './world.ts';

export interface Script {
  config: Config;
  actions: Action[];
}

export interface Options {
  /**
   * After every so many entries the laws of the kernel's own table; 1 by default, 0 leaves the
   * oracles alone.
   */
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
  failure: { law: string; message: string; by: NoticedBy } | null;
}

/**
 * The laws of kernel/invariants, all of them after every entry or every few: what is broken once
 * stays broken.
 */
class Laws implements Watcher {
  readonly #frames: Frames;
  readonly #every: number;
  #entries = 0;

  constructor(frames: Frames, every: number) {
    this.#frames = frames;
    this.#every = every;
  }

  after(k: Kernel): void {
    this.#entries += 1;
    if (this.#entries % this.#every === 0)
      checkInvariants(k, { except: this.#frames.excuses(k) ? ['law 1'] : [] });
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
    const frames = new Frames();
    const { lawsEvery = 1 } = options;
    this.world.watchers.push(frames);
    if (lawsEvery > 0) this.world.watchers.push(new Laws(frames, lawsEvery));
    this.world.watchers.push(
      this.content,
      this.books,
      new Locks(),
      new Waits(),
      new Picture(),
      this.sometimes,
    );
    this.world.onLine = options.onLine ?? null;
    if (options.hash === true) {
      this.world.onEffects = (effects) => {
        this.#hash.update(
          JSON.stringify(effects, (_key, part: unknown) =>
            part instanceof Uint8Array ? [...part] : part,
          ),
        );
      };
    }
  }

  perform(action: Action): void {
    this.actions.push(action);
    const { k } = this.world;
    if (action.do === 'snapshot' && k.sleepers.size > 0)
      this.sometimes.saw('snapshot under a sleeper');
    this.world.perform(action);
  }

  finish(): void {
    this.content.compareAll(this.world.k);
    this.books.check(this.world.k);
    drain(this.world, this.sometimes);
    this.content.compareAll(this.world.k);
    this.books.check(this.world.k);
    if (this.#options.compareStrategies === true && !this.content.lawless)
      differential(this.world, this.content);
  }

  ended(failure: Ran['failure']): Ran {
    const script = { config: this.world.config, actions: this.actions };
    return { script, entries: this.world.entries, hash: this.#hash.digest('hex'), failure };
  }
}

/** The first sentence of what went wrong: what a shorter script must still show. */
function failureOf(error: unknown): NonNullable<Ran['failure']> {
  const { message, stack = '' } = error as Error;
  const by = noticedBy(error);
  const law =
    error instanceof Broken
      ? error.law
      : (/^law \w+/.exec(message)?.[0] ?? message.split(':')[0] ?? 'error');
  return { law, message: by === 'oracle' || by === 'law' ? message : stack, by };
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
      if (play.actions.length > actionsMax)
        throw new Broken('liveness', `the first phase goes on after ${actionsMax} actions`);
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
