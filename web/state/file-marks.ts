// The letter and the tint of a file. They are the same in every view, and after a reload.
import { computed, signal } from '@preact/signals';
import { letterOf, lettersOf, tintOf } from './file-letters.ts';
import { onEvents, snapshots, watched } from './watched.ts';

export interface FileMark {
  letter: string;
  /** 0 to 7: the colour --file-N. */
  tint: number;
}

/** Counts what can change a name, because a picture may have many files and changes each frame. */
const namings = signal(0);
onEvents((events) => {
  if (events.some(({ type }) => type.startsWith('pinhole.file.'))) namings.value += 1;
});

const letters = computed(() => {
  // Read, so that the letters follow them.
  void [snapshots.value, namings.value, watched.value?.fs];
  const files = watched.peek()?.picture?.files;
  return files === undefined ? new Map<number, string>() : lettersOf(files.values());
});

/** Of an inode. A file that is gone has a tint and no letter. */
export const fileMark = (ino: number): FileMark => ({
  letter: letterOf(letters.value, ino),
  tint: tintOf(ino),
});
