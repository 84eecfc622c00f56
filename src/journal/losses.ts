import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What tells that acknowledged changes are gone: the store is behind what was acknowledged, or says
 * itself that it dropped records that it could not read when it was opened.
 */
export function lossesOf(directory: string, acknowledged: number, group: number): string | null {
  if (group < acknowledged) {
    return `the store in ${directory} ends with flush ${group}, but ${acknowledged} were acknowledged`;
  }
  const dropped = readFileSync(join(directory, 'store', 'LOG'), 'utf8')
    .split('\n')
    .find((line) => / dropping \d+ bytes/.test(line));
  return dropped === undefined ? null : `the store in ${directory} lost records: ${dropped}`;
}
