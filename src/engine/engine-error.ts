/** Why the engine did not take a command. Not an errno: the simulated world never saw it. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: 'inbox-full' | 'filesystem-stopped' | 'too-many-filesystems';

  constructor(kind: EngineError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
