import { fileMark } from '../state/file-marks.ts';
import './file-chip.css';

/** The letter of a file on its tint, as on the map of the device. */
export function FileChip({ ino }: { ino: number }) {
  const { letter, tint } = fileMark(ino);
  return (
    <span class={`file-chip tint-${tint}`} aria-hidden="true">
      {letter === '' ? '·' : letter}
    </span>
  );
}
