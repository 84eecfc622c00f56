// The store as it was before it was opened. LevelDB deletes the log that it has read, also where it could not read all of it, and without its
// first file it deletes everything: so until the first change is written there is a second folder with hard links to every file, and whoever
// opens, looks and refuses puts that back. Nothing that counts is written while it is there.
import {
  closeSync,
  copyFileSync,
  existsSync,
  fdatasyncSync,
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
  #held = false;

  /** Whoever calls anything of it has the lock of the directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  get #store(): string {
    return this.#at('store');
  }
  get #kept(): string {
    return this.#at('untouched');
  }
  #at(name: string): string {
    return join(this.#directory, name);
  }

  /** Before each opening. What a start that was killed left behind is put back. */
  keep(): void {
    this.#held = existsSync(this.#kept);
    if (this.#held) this.putBack();
    for (const name of ['untouched.new', 'opened', 'let-go']) rmSync(this.#at(name), { recursive: true, force: true });
    if (!existsSync(this.#store)) return;
    const fresh = this.#at('untouched.new');
    mkdirSync(fresh, { mode: 0o700 });
    for (const name of readdirSync(this.#store)) {
      if (name === 'LOCK') continue;
      const file = join(this.#store, name);
      // What a reader is told of it stays true when the power goes.
      if (name.endsWith('.log')) syncFile(file);
      linkOrCopy(file, join(fresh, name));
    }
    renameSync(fresh, this.#kept);
    syncFolder(this.#directory);
    this.#held = true;
  }

  /** Before the first write: what was opened is what counts. Durable when it returns. */
  letGo(): void {
    if (!this.#held) return;
    renameSync(this.#kept, this.#at('let-go'));
    syncFolder(this.#directory);
    this.#held = false;
    rmSync(this.#at('let-go'), { recursive: true });
  }

  /** When the store is closed, and nothing was written. */
  putBack(): void {
    if (!this.#held) return;
    const opened = this.#at('opened');
    rmSync(opened, { recursive: true, force: true });
    if (existsSync(this.#store)) renameSync(this.#store, opened);
    renameSync(this.#kept, this.#store);
    syncFolder(this.#directory);
    this.#held = false;
    rmSync(opened, { recursive: true, force: true });
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (isFull(error)) throw error;
    // Not every filesystem has hard links.
    copyFileSync(from, to);
  }
}

function syncFile(file: string): void {
  const fd = openSync(file, 'r+');
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
