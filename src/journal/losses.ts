import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Says that acknowledged changes are lost, or null. Either the store ends before the last
 * acknowledged flush, or LevelDB logged that it dropped unreadable records when it opened.
 */
export function lossesOf(directory: string, acknowledged: number, group: number): string | null {
  if (group < acknowledged) {
    return (
      `the store in ${directory} ends with flush ${group}, but flush ${acknowledged} was ` +
      'acknowledged'
    );
  }
  const dropped = readFileSync(join(directory, 'store', 'LOG'), 'utf8')
    .split('\n')
    .find((line) => / dropping \d+ bytes/.test(line));
  return dropped === undefined ? null : `the store in ${directory} lost records: ${dropped}`;
}
