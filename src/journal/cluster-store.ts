// A store that several servers share. Beside the Store it says which servers run and which of them
// owns which filesystem, and changes that. pg-store.ts implements it with PostgreSQL.
//
// Only the owner of a filesystem writes to its journal. Every change of owner raises the epoch of
// the filesystem's place, and every append compares owner, epoch and the number of the append
// before it. So after a change of owner no append of the former owner is stored.
import type { JournalError } from './journal-error.ts';
import type { Store } from './store.ts';

/** What a server says of itself. */
export interface NodeInfo {
  /** `--node-id`; the same after a restart. */
  name: string;
  /** Where other servers and clients reach it; null if nobody may. */
  url: string | null;
  release: string;
  kernelVersion: number;
  /** It is stopping, so it takes no filesystem. */
  leaving: boolean;
  /** The version of the tenants and tokens that it has in memory; see `Beat.version`. */
  version: number;
}

/** A running process, or one that died and was not removed yet. */
export interface NodeRow extends NodeInfo {
  /** Drawn by the process at its start, so a restarted server is another node. */
  id: string;
  /** Rises with every beat of the process. */
  beat: number;
}

/** Which process owns a filesystem. */
export interface PlaceRow {
  fs: string;
  /** Null after the filesystem was unmounted, while its keys are being deleted. */
  tenant: string | null;
  name: string | null;
  /** Ascends in the order of creation; see nextNumber(). */
  number: number;
  /** The `id` of a node; null if it was released. A node that is gone may still be named. */
  owner: string | null;
  /** Rises with each change of owner. */
  epoch: number;
  /** Rises by one with each append. */
  flush: number;
  /** The kernelVersion of the process that appended last. */
  kernelVersion: number;
}

export interface Beat {
  /** All nodes, this one included. */
  nodes: NodeRow[];
  /** Rises with each change of a tenant, a token or the record that identifies the store. */
  version: number;
  /**
   * Somebody removed the row of this process, so all its places may have other owners. It must
   * drop them and join again.
   */
  removed: boolean;
}

/** Messages between servers. They are hints: one that is lost is made up for by the next beat. */
export type Channel = 'places' | 'control';

export interface ClusterStore extends Store {
  /** The `id` of this process. */
  readonly owner: string;
  /** Adds this process to the nodes. Call it before the first beat, and after `removed`. */
  join(info: Omit<NodeInfo, 'version'>): Promise<void>;
  /** Raises the beat of this process and reads those of all nodes. Rejects after `timeoutMs`. */
  beat(info: NodeInfo, timeoutMs: number): Promise<Beat>;
  /** Removes a node. False if its beat has changed, or if it still owns a filesystem. */
  removeNode(node: Pick<NodeRow, 'id' | 'beat'>): Promise<boolean>;

  /** A number above all that were given before, for a new filesystem. */
  nextNumber(): Promise<number>;
  places(): Promise<PlaceRow[]>;
  placeOf(tenant: string, name: string): Promise<PlaceRow | null>;
  /** The filesystems whose journals this process may append to. */
  readonly held: ReadonlySet<string>;
  /**
   * Takes filesystems of a dead node, if its beat is still the given one. Returns those that were
   * taken; when this resolves, their journals can be read and appended to.
   */
  takeOver(dead: Pick<NodeRow, 'id' | 'beat'>, fs: readonly string[]): Promise<string[]>;
  /** The same for filesystems that nobody owns, or whose owner is no node any more. */
  claim(fs: readonly string[]): Promise<string[]>;
  /**
   * Raises the epochs of own filesystems, and returns those that are still owned. Afterwards
   * nothing that was sent before can be stored. Others leave `held`, and `onLost` is called.
   */
  raise(fs: readonly string[]): Promise<string[]>;
  /**
   * Waits for the commits of own filesystems and gives them to another node, or to nobody. Returns
   * those that were given. Later commits are refused as `moved`.
   */
  give(fs: readonly string[], to: string | null): Promise<string[]>;
  /** Removes filesystems from `held` without a change in the database. */
  dropHeld(fs: readonly string[]): void;
  /**
   * Called when an own filesystem has another owner (`moved`), or when the database has lost
   * acknowledged appends (`lost`). It has left `held` already.
   */
  onLost: (fs: string, error: JournalError) => void;

  /** The database does not answer; commits and readings wait. */
  readonly away: boolean;
  /** The version of the tenants and tokens; it includes what this process changed. */
  readonly version: number;
  notify(channel: Channel): Promise<void>;
  /** Called for messages of this and of other processes, and after the connection was renewed. */
  onNotify: (channel: Channel) => void;
}
