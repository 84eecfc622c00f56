/**
 * An error of the journal.
 * - `locked`: another process uses it.
 * - `damaged`: its contents cannot be trusted.
 * - `version`: a release whose machine behaves differently wrote it.
 * - `poison`: an entry breaks a law of the machine.
 * - `full`: the disk is full, and the change is certainly not stored.
 * - `failed`: a flush failed, and it is unknown whether the change is stored.
 * - `moved`: another server owns the filesystem. The change is certainly not stored, and never will
 *   be.
 * - `taken`: another server made a filesystem of this name, or a new key, first. The change is not
 *   stored.
 * - `lost`: the database no longer has changes that it acknowledged.
 * - `database`: the database cannot be used; the message says why.
 */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly kind:
    | 'locked'
    | 'damaged'
    | 'version'
    | 'poison'
    | 'full'
    | 'failed'
    | 'moved'
    | 'taken'
    | 'lost'
    | 'database';

  constructor(kind: JournalError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
