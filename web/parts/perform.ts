// Runs an operation that a person has asked for, and says how it went: done, refused, or it sleeps.
import type { Operation } from '../api/schemas.ts';
import { pathOf } from '../state/location.ts';
import { attempt, notify } from './notices.tsx';
import { outcomeText } from './outcome-text.ts';

/** An operation that has not ended answers with its record. */
const isRecord = (answer: unknown): answer is Operation =>
  typeof answer === 'object' && answer !== null && 'op' in answer && 'state' in answer;

/**
 * `what` names it in the field's words: "punch-hole of a". Resolves to null if it was refused or
 * has not ended.
 */
export async function perform<T>(
  fs: string,
  what: string,
  ask: () => Promise<T>,
): Promise<Exclude<T, Operation> | null> {
  const answer = await attempt(ask);
  if (answer === null) return null;
  if (!isRecord(answer)) {
    notify(outcomeText(what, answer));
    return answer as Exclude<T, Operation>;
  }
  notify(outcomeText(what, answer), { href: pathOf('waits', fs), text: 'See Waits' });
  return null;
}
