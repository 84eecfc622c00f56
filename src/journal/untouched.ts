// The store as it was before it was opened. LevelDB deletes the log that it has read, also where it
// could not read all of it, and without its first file it deletes everything: so until somebody has
// looked at what was opened, and relies on it, there is a second folder with hard links to every
// file, and whoever refuses puts that back. Nothing that counts is written while it is there.
//
//   store         what LevelDB opens
//   untouched     as it was before; complete where it is there at all
//   opened        what LevelDB had made of it, on its way out
//   let-go        an `untouched` that is needed no more, on its way out
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
  /** There is one. Where a call failed on the way, what is on the disk decides. */
  #kept = false;

  /** Whoever calls anything of it has the lock of the directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  #at(name: 'store' | 'untouched' | 'untouched.new' | 'opened' | 'let-go'): string {
    return join(this.#directory, name);
  }

  /** Before each opening. Says whether it put back what a start had left behind that was killed. */
  keep(): boolean {
    const leftBehind = existsSync(this.#at('untouched'));
    if (leftBehind) this.putBack();
    // Only where something failed, and then it may be the last one.
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

  /** What was opened is what counts from now on. Durable when it returns. */
  letGo(): void {
    if (!this.#kept) return;
    renameSync(this.#at('untouched'), this.#at('let-go'));
    this.#kept = false;
    sync(this.#directory);
    this.#dispose('let-go');
  }

  /** Where the store was not opened after all: it is as it was. */
  forget(): void {
    this.#kept = false;
    rmSync(this.#at('untouched'), { recursive: true, force: true });
  }

  /** When the store is closed, and nobody relied on it. */
  putBack(): void {
    this.#kept = false;
    if (!existsSync(this.#at('untouched'))) return;
    // Where it is not there, a kill came between the two renames.
    if (existsSync(this.#at('store'))) {
      rmSync(this.#at('opened'), { recursive: true, force: true });
      renameSync(this.#at('store'), this.#at('opened'));
    }
    renameSync(this.#at('untouched'), this.#at('store'));
    sync(this.#directory);
    this.#dispose('opened');
  }

  /** The next start tries again. */
  #dispose(name: 'opened' | 'let-go'): void {
    try {
      rmSync(this.#at(name), { recursive: true, force: true });
    } catch {}
  }
}

/** Every file but the lock, and all of it on the disk. */
function linkAll(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === 'LOCK') continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      linkAll(source, target);
      continue;
    }
    // A reader may be told of what is in it before it was flushed: that stays true when the power
    // goes.
    if (linkOrCopy(source, target) === 'copied' || entry.name.endsWith('.log')) sync(target);
  }
  sync(to);
}

/** Not every filesystem has hard links. */
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
