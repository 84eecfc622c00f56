/** Why the engine refused a command. Not an errno, because the machine never saw the command. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /**
   * `unauthorized`: the tenant was removed while the request arrived. After `owner-changing` the
   * command was certainly not done. After `journal-failed`, `filesystem-stopped` and
   * `engine-lost-entries` that is unknown.
   */
  readonly kind:
    | 'inbox-full'
    | 'filesystem-stopped'
    | 'too-many-filesystems'
    | 'memory-full'
    | 'disk-full'
    | 'journal-failed'
    | 'owner-changing'
    | 'engine-lost-entries'
    | 'past-not-kept'
    | 'unauthorized';
  /** The limit that is reached. */
  readonly limit: number | undefined;
  /** The cursor of the oldest moment that is kept, for `past-not-kept`; null if none is. */
  readonly oldest: string | null | undefined;

  constructor(
    kind: EngineError['kind'],
    message: string,
    limit?: number,
    oldest?: EngineError['oldest'],
  ) {
    super(message);
    this.kind = kind;
    this.limit = limit;
    this.oldest = oldest;
  }
}

/** The filesystem was unmounted while a request read its past. */
export class Unmounted extends Error {
  override readonly name = 'Unmounted';
}
