// How serve and repair end when the journal cannot be used. docs/runbook.md has a table of the codes.
import { JournalError } from '../../journal/journal-error.ts';
import { Ended } from './exit.ts';

export const journalExitCodes = {
  settings: 2,
  damaged: 3,
  poison: 3,
  locked: 4,
  failed: 5,
  full: 5,
  moved: 5,
  taken: 5,
  lost: 5,
  version: 7,
  database: 8,
} as const;

/** `hint` tells what to do about the error. */
export function journalEnd(error: unknown, hint = ''): Ended {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof JournalError ? error.kind : 'settings';
  return new Ended(journalExitCodes[code], `${message}${hint}`);
}
