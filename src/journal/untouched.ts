// A copy of the store as it was before LevelDB opened it. When LevelDB opens, it deletes the log
// that it has read, even if it could not read all of it; if the file CURRENT is missing, it deletes
// everything. So a second directory has hard links to every file until the opened store is
// accepted. If the opened store is not accepted, the copy replaces it. No acknowledged change is
// written while the copy exists.
//
//   store         the directory that LevelDB opens
//   untouched     the copy; if it exists, it is complete
//   opened        the store as LevelDB left it, after the copy replaced it; to be deleted
//   let-go        a copy that is not needed any more; to be deleted
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { isFull } from './disk-room.ts';

export class Untouched {
  readonly #directory: string;
  /**
   * `untouched` exists. After a failed call it may exist although this is false; then only the disk
   * shows it.
   */
  #kept = false;

  /** The caller must hold the lock of the directory for every call. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  #at(name: 'store' | 'untouched' | 'untouched.new' | 'opened' | 'let-go'): string {
    return join(this.#directory, name);
  }

  /**
   * Call it before each opening. Returns true if it restored the store after a start that was
   * killed.
   */
  keep(): boolean {
    const leftBehind = existsSync(this.#at('untouched'));
    if (leftBehind) this.putBack();
    // Only after a failed call; the directory may then hold the only copy.
    for (const name of ['opened', 'let-go'] as const)
      if (!existsSync(this.#at('store')) && existsSync(this.#at(name)))
        renameSync(this.#at(name), this.#at('store'));
    for (const name of ['untouched.new', 'opened', 'let-go'] as const)
      rmSync(this.#at(name), { recursive: true, force: true });
    if (!existsSync(this.#at('store'))) return leftBehind;
    linkAll(this.#at('store'), this.#at('untouched.new'));
    renameSync(this.#at('untouched.new'), this.#at('untouched'));
    this.#kept = true;
    sync(this.#directory);
    return leftBehind;
  }

  /** From now on the opened store counts. Durable when this returns. */
  letGo(): void {
    if (!this.#kept) return;
    renameSync(this.#at('untouched'), this.#at('let-go'));
    this.#kept = false;
    sync(this.#directory);
    this.#dispose('let-go');
  }

  /** The store was not opened, so it is unchanged and needs no copy. */
  forget(): void {
    this.#kept = false;
    rmSync(this.#at('untouched'), { recursive: true, force: true });
  }

  /** Restores the store. Call it after the store is closed, if nobody relied on what was opened. */
  putBack(): void {
    this.#kept = false;
    if (!existsSync(this.#at('untouched'))) return;
    // If `store` is missing, the process was killed between the two renames.
    if (existsSync(this.#at('store'))) {
      rmSync(this.#at('opened'), { recursive: true, force: true });
      renameSync(this.#at('store'), this.#at('opened'));
    }
    renameSync(this.#at('untouched'), this.#at('store'));
    sync(this.#directory);
    this.#dispose('opened');
  }

  /** Errors are ignored, because the next start deletes the directory, too. */
  #dispose(name: 'opened' | 'let-go'): void {
    try {
      rmSync(this.#at(name), { recursive: true, force: true });
    } catch {}
  }
}

/** Links every file but the lock, and makes the new directory durable. */
function linkAll(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === 'LOCK') continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      linkAll(source, target);
      continue;
    }
    // A log may not be flushed yet. What a reader saw of it must still be there after a power cut.
    if (linkOrCopy(source, target) === 'copied' || entry.name.endsWith('.log')) sync(target);
  }
  sync(to);
}

/** Copies the file if the filesystem has no hard links. */
function linkOrCopy(from: string, to: string): 'linked' | 'copied' {
  try {
    linkSync(from, to);
    return 'linked';
  } catch (error) {
    if (isFull(error)) throw error;
    copyFileSync(from, to);
    return 'copied';
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
