/** Why the engine did not take a command. Not an errno: the simulated world never saw it. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /**
   * `unauthorized` is for a tenant that was removed while the request came in. Of `journal-failed`
   * and of `filesystem-stopped` it is not known whether the command was done.
   */
  readonly kind:
    | 'inbox-full'
    | 'filesystem-stopped'
    | 'too-many-filesystems'
    | 'memory-full'
    | 'disk-full'
    | 'journal-failed'
    | 'unauthorized';
  /** Of what is full. */
  readonly limit: number | undefined;

  constructor(kind: EngineError['kind'], message: string, limit?: number) {
    super(message);
    this.kind = kind;
    this.limit = limit;
  }
}
