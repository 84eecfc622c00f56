// Which node owns a filesystem, and how this node gets one: it takes the filesystems of dead nodes
// and those that nobody owns, recovers them one by one, and gives them away when it stops.
import type { FastifyBaseLogger } from 'fastify';
import type { RecoveredFilesystem, UnrecoveredFilesystem } from '../durable/world.ts';
import type { Engine, HostedFilesystem } from '../engine/engine.ts';
import type { ClusterStore, NodeRow, PlaceRow } from '../journal/cluster-store.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Heartbeat } from './beat.ts';
import { Limiter } from './limiter.ts';
import { winnerOf } from './rendezvous.ts';

/** Where a request for a filesystem is answered. */
export type Where =
  /** Here; also if there is no such filesystem. */
  | { is: 'here' }
  | { is: 'there'; node: NodeRow }
  /** Nobody serves it now. */
  | { is: 'changing' };

export interface PlacesOptions {
  store: ClusterStore;
  heart: Heartbeat;
  engine: Engine;
  logger: FastifyBaseLogger;
  /** Reads the journal of a filesystem. */
  recover(fs: string): Promise<RecoveredFilesystem | UnrecoveredFilesystem>;
  /** Lets each part adopt its share. */
  adopt(fs: RecoveredFilesystem | UnrecoveredFilesystem): void;
  /** Deletes the rest of an unmounted filesystem. */
  purge(fs: string): void;
}

/** Why places were taken, for the metrics and the log. */
type TakeReason = 'request' | 'death' | 'released';

/** Filesystems that are recovered at the same time. */
const recoveriesMax = 4;
/** Places that one statement takes. */
const takesMax = 250;
/** All places are read once in so many beats, even if nothing seems to have changed. */
const beatsPerReading = 20;
/** How often the owner of a filesystem is looked up before the request is refused. */
const looksMax = 5;

const here: Where = { is: 'here' };
const changing: Where = { is: 'changing' };
const keyOf = (tenant: string, name: string): string => `${tenant}/${name}`;

export class Places {
  readonly #options: PlacesOptions;
  readonly #lanes = new Map<string, HostedFilesystem>();
  /** Owners as this node saw them last, by tenant and name. A wrong one costs a 421. */
  readonly #owners = new Map<string, string>();
  readonly #arriving = new Map<string, Promise<void>>();
  readonly #recoveries = new Limiter(recoveriesMax);
  readonly #looks = new Map<string, Promise<PlaceRow | null>>();
  /** Those of them that were lost while they were read; what was read may be old. */
  readonly #overtaken = new Set<string>();
  /** Filesystems that this node could not read. */
  readonly #unfit = new Set<string>();
  readonly takes: Record<TakeReason, number> = { request: 0, death: 0, released: 0 };
  #beats = 0;
  #stale = true;
  #sweeping: Promise<void> | null = null;

  constructor(options: PlacesOptions) {
    this.#options = options;
    const { store, engine } = options;
    store.onLost = (fs, error) => this.#lost(fs, error);
    engine.onChanged((fs) => {
      if (fs.mounted) this.#lanes.set(fs.id, fs);
      else this.#lanes.delete(fs.id);
    });
  }

  /** True if the request can be answered here at once. */
  isHere(tenant: string, name: string): boolean {
    const { heart, engine } = this.#options;
    return heart.lease.holds && engine.find(tenant, name) !== undefined;
  }

  /** Takes the filesystem if nobody serves it. Rejects if the database cannot be read. */
  async where(tenant: string, name: string): Promise<Where> {
    const { heart } = this.#options;
    for (let looks = 0; looks < looksMax; looks += 1) {
      if (!heart.lease.holds) return changing;
      if (this.isHere(tenant, name)) return here;
      const known = this.#liveOwner(this.#owners.get(keyOf(tenant, name)));
      if (known !== null) return { is: 'there', node: known };
      const place = await this.#look(tenant, name);
      if (place === null) return here;
      const found = await this.#foundAt(place, tenant, name);
      if (found !== 'look again') return found;
    }
    return changing;
  }

  /** Takes a filesystem, of which only the id is known, if nobody serves it. */
  async bring(fs: string): Promise<void> {
    if (this.#lanes.has(fs)) return;
    const place = (await this.#options.store.places()).find((one) => one.fs === fs);
    if (place === undefined || place.tenant === null || place.name === null) return;
    await this.where(place.tenant, place.name);
  }

  /** The node was no longer the owner. */
  forget(tenant: string, name: string): void {
    this.#owners.delete(keyOf(tenant, name));
  }

  async #foundAt(place: PlaceRow, tenant: string, name: string): Promise<Where | 'look again'> {
    const { store, heart, engine } = this.#options;
    const { fs, owner } = place;
    if (owner === store.owner) {
      // The lane begins when its creation is acknowledged, which the database has done already.
      if (engine.isCreating(tenant, name) || heart.leaving) return changing;
      await this.#arrive(fs, { first: true });
      return 'look again';
    }
    const live = this.#liveOwner(owner);
    if (live !== null) {
      this.#owners.set(keyOf(tenant, name), live.id);
      return { is: 'there', node: live };
    }
    if (!this.#mayTake(place)) {
      const node = this.#winner(place);
      return node === null || node.id === store.owner ? changing : { is: 'there', node };
    }
    // A node that joined after the last beat has no row here yet.
    if (owner !== null && heart.nodes.get(owner) === undefined) await heart.beat();
    const taken = await this.#take([place], owner === null ? 'released' : 'request');
    if (taken.length === 0) await heart.beat();
    else await this.#arrive(fs, { first: true });
    return 'look again';
  }

  /** Several requests for the same filesystem share one reading. */
  #look(tenant: string, name: string): Promise<PlaceRow | null> {
    const key = keyOf(tenant, name);
    const running = this.#looks.get(key);
    if (running !== undefined) return running;
    const look = this.#options.store.placeOf(tenant, name).finally(() => this.#looks.delete(key));
    this.#looks.set(key, look);
    return look;
  }

  /** Null if it is this node, dead, or unknown. */
  #liveOwner(owner: string | null | undefined): NodeRow | null {
    const { store, heart } = this.#options;
    if (owner === null || owner === undefined || owner === store.owner) return null;
    if (heart.nodes.isDead(owner)) return null;
    const node = heart.nodes.get(owner);
    return node === undefined || node.url === null ? null : node;
  }

  /**
   * The nodes that may take a place. A node replays only what its own machine wrote, so others may
   * only if no such node is left.
   */
  #heirs(place: PlaceRow): NodeRow[] {
    const { nodes } = this.#options.heart;
    const live = nodes.all().filter(({ id, leaving }) => !leaving && !nodes.isDead(id));
    const same = live.filter((node) => node.kernelVersion === place.kernelVersion);
    return same.length > 0 ? same : live;
  }

  #mayTake(place: PlaceRow): boolean {
    const { heart, store } = this.#options;
    if (heart.leaving || !heart.lease.holds || this.#unfit.has(place.fs)) return false;
    return this.#heirs(place).some(({ id }) => id === store.owner);
  }

  #winner(place: PlaceRow): NodeRow | null {
    return winnerOf(this.#heirs(place), place.fs);
  }

  /** Returns the filesystems that this node has now. */
  async #take(places: readonly PlaceRow[], reason: TakeReason): Promise<string[]> {
    const { store, heart, logger } = this.#options;
    const [first] = places;
    if (first === undefined) return [];
    const ids = places.map(({ fs }) => fs);
    const dead = first.owner === null ? undefined : heart.nodes.get(first.owner);
    const taken = await (dead === undefined ? store.claim(ids) : store.takeOver(dead, ids));
    this.takes[reason] += taken.length;
    if (taken.length > 0)
      logger.info({ reason, from: dead?.name ?? null, filesystems: taken.length }, 'took places');
    for (const { fs, tenant } of places)
      if (tenant === null && taken.includes(fs)) this.#options.purge(fs);
    return taken;
  }

  /** Recovers an own filesystem that has no lane yet. Resolves when it is served, or failed. */
  #arrive(fs: string, { first }: { first: boolean }): Promise<void> {
    const running = this.#arriving.get(fs);
    if (running !== undefined) {
      if (first) this.#recoveries.hurry(fs);
      return running;
    }
    const arrival = this.#recoveries
      .run(fs, { first }, () => this.#recover(fs))
      .catch((error: unknown) => this.#failed(fs, error))
      .finally(() => this.#arriving.delete(fs));
    this.#arriving.set(fs, arrival);
    return arrival;
  }

  async #recover(fs: string): Promise<void> {
    const { store, recover, adopt } = this.#options;
    if (this.#lanes.has(fs)) return;
    if (!store.held.has(fs) && (await store.raise([fs])).length === 0) return;
    this.#overtaken.delete(fs);
    const recovered = await recover(fs);
    // It may have been lost while its journal was read, and taken again since: then another node
    // may have appended in between.
    if (!this.#overtaken.delete(fs) && store.held.has(fs)) adopt(recovered);
    else this.#stale = true;
  }

  async #failed(fs: string, error: unknown): Promise<void> {
    const { store, logger } = this.#options;
    const why = error instanceof JournalError ? error.kind : null;
    logger.error({ err: error, id: fs }, 'a filesystem could not be taken');
    this.#stale = true;
    if (why === 'moved' || why === 'failed') return;
    // Another node may be able to read it.
    this.#unfit.add(fs);
    await store.give([fs], null).catch(() => {});
  }

  #lost(fs: string, error: JournalError): void {
    const lane = this.#lanes.get(fs);
    this.#stale = true;
    if (this.#arriving.has(fs)) this.#overtaken.add(fs);
    void (error.kind === 'lost' ? lane?.lose(error) : lane?.leave());
  }

  /**
   * The lease had run out. Filesystems that another node has taken meanwhile leave, before anything
   * is served.
   */
  async regain(): Promise<void> {
    const { store } = this.#options;
    // Before the reading, because a filesystem that is created meanwhile is in neither.
    const held = [...store.held];
    if (held.length === 0) return;
    const own = new Set<string>();
    for (const { fs, owner } of await store.places()) if (owner === store.owner) own.add(fs);
    const lost = held.filter((fs) => !own.has(fs));
    store.dropHeld(lost);
    for (const fs of lost) if (this.#arriving.has(fs)) this.#overtaken.add(fs);
    await Promise.all(lost.map((fs) => this.#lanes.get(fs)?.leave()));
  }

  /** Some owners have changed. */
  changed(): void {
    this.#stale = true;
    this.sweep();
  }

  /** Call it after each beat. */
  beaten(): void {
    const { nodes } = this.#options.heart;
    this.#beats += 1;
    if (this.#beats % beatsPerReading === 0) this.#stale = true;
    if (this.#stale || nodes.all().some(({ id }) => nodes.isDead(id))) this.sweep();
  }

  /** Looks for places that this node should take. */
  sweep(): void {
    this.#sweeping ??= this.#sweep()
      .catch((error: unknown) => {
        this.#stale = true;
        this.#options.logger.warn({ err: error }, 'the places could not be read');
      })
      .finally(() => {
        this.#sweeping = null;
      });
  }

  async #sweep(): Promise<void> {
    const { store, heart } = this.#options;
    if (!heart.lease.holds) return;
    this.#stale = false;
    const places = await store.places();
    this.#owners.clear();
    const ofOwner = new Map<string | null, PlaceRow[]>();
    for (const place of places) {
      const { tenant, name, owner } = place;
      if (this.#liveOwner(owner) !== null) {
        if (tenant !== null && name !== null)
          this.#owners.set(keyOf(tenant, name), owner as string);
        continue;
      }
      const own = ofOwner.get(owner);
      if (own === undefined) ofOwner.set(owner, [place]);
      else own.push(place);
    }
    for (const { fs, tenant } of ofOwner.get(store.owner) ?? [])
      if (tenant !== null && !this.#lanes.has(fs)) this.#arriveIfIdle(fs);
    ofOwner.delete(store.owner);
    for (const [owner, own] of ofOwner) await this.#inherit(owner, own);
    await this.#removeDead(places);
  }

  /** Own, but without a lane: its recovery failed, or the answer to the take was lost. */
  #arriveIfIdle(fs: string): void {
    if (!this.#arriving.has(fs)) void this.#arrive(fs, { first: false });
  }

  async #inherit(owner: string | null, places: readonly PlaceRow[]): Promise<void> {
    const { store } = this.#options;
    const mine = places.filter(
      (place) => this.#mayTake(place) && this.#winner(place)?.id === store.owner,
    );
    for (let at = 0; at < mine.length; at += takesMax) {
      const some = mine.slice(at, at + takesMax);
      const taken = await this.#take(some, owner === null ? 'released' : 'death');
      for (const { fs, tenant } of some)
        if (tenant !== null && taken.includes(fs)) void this.#arrive(fs, { first: false });
    }
  }

  async #removeDead(places: readonly PlaceRow[]): Promise<void> {
    const { store, heart } = this.#options;
    const owners = new Set(places.map(({ owner }) => owner));
    for (const node of heart.nodes.all())
      if (node.id !== store.owner && heart.nodes.isDead(node.id) && !owners.has(node.id))
        await store.removeNode(node);
  }

  /** Gives everything away, so that other nodes can take it at once. */
  async leave(): Promise<void> {
    const { store, heart, logger } = this.#options;
    heart.leaving = true;
    await heart.beat();
    await this.#sweeping;
    await Promise.all(this.#arriving.values());
    const lanes = [...this.#lanes.values()];
    await Promise.all(lanes.map((lane) => lane.leave()));
    const ids = [...store.held];
    for (let at = 0; at < ids.length; at += takesMax)
      await store.give(ids.slice(at, at + takesMax), null);
    if (ids.length > 0) await store.notify('places');
    logger.info({ filesystems: lanes.length }, 'released places');
  }
}
