// One letter for each file: the first one of its name that is free, so that a reader who knows the
// file `a` finds it as `a`.

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** What stands for a file if all letters are taken. */
const noneLeft = '*';
const tints = 8;

/** By inode, in the order of the inodes, because an older file keeps its letter. */
export function lettersOf(files: Iterable<{ ino: number; name: string }>): Map<number, string> {
  const letters = new Map<number, string>();
  const free = new Set(alphabet);
  for (const { ino, name } of [...files].sort((one, other) => one.ino - other.ino)) {
    const letter = [...name].find((sign) => free.has(sign)) ?? [...free][0] ?? noneLeft;
    free.delete(letter);
    letters.set(ino, letter);
  }
  return letters;
}

export const letterOf = (letters: ReadonlyMap<number, string>, ino: number): string =>
  letters.get(ino) ?? '';

/** Inodes are given out in order, so the tints of neighbours differ. */
export const tintOf = (ino: number): number => ino % tints;
