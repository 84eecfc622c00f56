// An operation in words: what it sleeps on, and what blocks it.
import type { Schemas } from './schemas.ts';
import { timeText } from './sizes.ts';

type OperationRecord = Schemas['Operation'];

export const isEnded = ({ state }: OperationRecord): boolean =>
  state !== 'running' && state !== 'sleeping';

export function sleepText(
  { page, lock, entry }: NonNullable<OperationRecord['sleepingOn']>,
  file: string | null,
): string {
  if (page !== undefined) return `page ${page.pgoff} of ${file ?? `inode ${page.ino}`}`;
  if (lock !== undefined) return `${lock.name} of ${lock.file}`;
  return entry === undefined ? 'a queue' : `the entry of page ${entry.pgoff} of ${entry.file}`;
}

/** The fields that blockers have in records and in problems. */
interface Blocker {
  pin?: string;
  mapping?: string;
  operation?: string;
  owner: string | null;
  heldMs: number;
}

export function blockerText({ pin, mapping, operation, owner, heldMs }: Blocker): string {
  const thing = pin ?? mapping ?? operation ?? 'something';
  return `${thing}${owner === null ? '' : ` of ${owner}`}, for ${timeText(heldMs)}`;
}
