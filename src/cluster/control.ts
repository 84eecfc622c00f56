// Tenants and tokens are in the memory of every node. A change goes to the database first, and is
// answered when every live node serves with it.
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecords } from '../durable/read.ts';
import type { Records } from '../durable/records.ts';
import type { World } from '../durable/world.ts';
import type { ClusterStore } from '../journal/cluster-store.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change } from '../journal/store.ts';
import type { Heartbeat } from './beat.ts';

export interface ControlOptions {
  store: ClusterStore;
  heart: Heartbeat;
  nowMs(): number;
  /** Lets tenants and tokens take over what others have changed. */
  refresh(world: World): void;
  onFailed(error: unknown): void;
}

const pauseMs = 25;

export class Control {
  readonly #options: ControlOptions;
  #reading: Promise<void> | null = null;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** For tenants and tokens. A change resolves when it is in force at every node. */
  readonly records: Records = {
    put: async (changes) => {
      const { store, heart } = this.#options;
      await this.#putFirst(changes);
      // Nobody is served before the first beat, and the first beat brings the version.
      if (!heart.started) return;
      const { version } = store;
      await this.#catchUp(version);
      await store.notify('control');
      await this.#everywhere(version);
    },
  };

  /** Where another node was first, what it made is known here before that is reported. */
  async #putFirst(changes: readonly Change[]): Promise<void> {
    try {
      await this.#options.store.records.put(changes);
    } catch (error) {
      if (error instanceof JournalError && error.kind === 'taken') await this.#readAgain();
      throw error;
    }
  }

  async #readAgain(): Promise<void> {
    // One under way may have begun before the change of the other node.
    while (this.#reading !== null) await this.#reading;
    this.#reading = this.#read(0).finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  /** Another node has changed something, or says so. */
  changed(version: number): void {
    void this.#catchUp(version).catch((error: unknown) => this.#options.onFailed(error));
  }

  async #catchUp(version: number): Promise<void> {
    const { heart } = this.#options;
    while (heart.version < version) {
      this.#reading ??= this.#read(version).finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
  }

  async #read(version: number): Promise<void> {
    const { store, heart, nowMs, refresh } = this.#options;
    refresh(await readRecords(store, nowMs()));
    // What was changed during the reading has a later version, and is read again.
    heart.version = Math.max(heart.version, version);
  }

  async #everywhere(version: number): Promise<void> {
    const { heart } = this.#options;
    for (;;) {
      await heart.beat();
      const behind = heart.nodes
        .all()
        .some((node) => node.version < version && !heart.nodes.isDead(node.id));
      if (!behind) return;
      await sleep(pauseMs);
    }
  }
}
