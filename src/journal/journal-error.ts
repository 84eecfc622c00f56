/**
 * Why the journal does not do what it was asked, or a server does not start on it.
 * - `locked`: another process has it. `damaged`: what is there cannot be trusted.
 * - `version`: it was written by a kernel that behaves differently. `poison`: an entry of it breaks
 * a law of the machine.
 * - `full`: the disk is full, and the change is certainly not there. `failed`: a flush failed, and
 * whether the change is there is unknown.
 */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly kind: 'locked' | 'damaged' | 'version' | 'poison' | 'full' | 'failed';

  constructor(kind: JournalError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
