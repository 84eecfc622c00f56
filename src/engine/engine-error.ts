/** Why the engine did not take a command. Not an errno: the simulated world never saw it. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** `unauthorized` is for a tenant that was removed while the request came in. Of `journal-failed` and of `filesystem-stopped` it is not known whether the command was done. */
  readonly kind: 'inbox-full' | 'filesystem-stopped' | 'too-many-filesystems' | 'disk-full' | 'journal-failed' | 'unauthorized';

  constructor(kind: EngineError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
