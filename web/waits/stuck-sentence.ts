// Is anybody stuck, who holds it, since when, what would end it: in sentences.
import type { Picture } from 'pinhole/client';
import type { Schemas } from '../api/schemas.ts';
import type { Part } from '../parts/sentence-part.ts';
import { nounOf } from '../parts/thing-words.ts';
import { durationText, plural } from '../parts/words.ts';
import { kindOf, sleepsOn } from '../state/ids.ts';
import type { WaitGraph } from '../state/wait-graph.ts';
import {
  type Edges,
  edgesOf,
  type Holder,
  holdersOf,
  isQueued,
  type WaitRow,
} from './wait-rows.ts';

export type Explanation = Schemas['Explanation'];
export type Release = NonNullable<Explanation['released']>;
export type ReleaseStep = Release['order'][number];

/** A chain of locks is told this far. */
const hopsMax = 4;

const part = (picture: Picture, id: string): Part => ({ id, text: nounOf(picture, id) });

/** "op_10 (punch-hole by T) has waited 12 s for page 2 of a, which nic has held for 15 s." */
export function stuckSentence(
  picture: Picture,
  graph: WaitGraph | null,
  { operation, on, forMs, holders }: WaitRow,
  nowMs: number,
): Part[] {
  const parts: Part[] = [part(picture, operation.id)];
  const spins = operation.sleepingOn?.state === 'R';
  // A manual clock may stand still; then there is nothing to say about how long.
  if (forMs === 0) parts.push(spins ? ' spins' : ' waits');
  else parts.push(`${spins ? ' has spun ' : ' has waited '}${durationText(forMs)}`);
  if (on === null) return [...parts, '.'];
  parts.push(' for ', part(picture, on), ...held(picture, holders, nowMs), '.');
  parts.push(...chain(picture, edgesOf(graph), { operation: operation.id, on }, nowMs));
  return parts;
}

/** What the holder waits for itself, and who holds that. */
function chain(
  picture: Picture,
  edges: Edges,
  from: { operation: string; on: string },
  nowMs: number,
): Part[] {
  const parts: Part[] = [];
  const seen = new Set<string>();
  let { operation, on } = from;
  while (!seen.has(operation) && seen.size < hopsMax) {
    seen.add(operation);
    const next = blockerOf(edges, on);
    if (next === null) return parts;
    if (next.to === from.operation) return [...parts, ' This is a deadlock.'];
    const node = sleepsOn(picture, next.to);
    if (node === null) return parts;
    const pin = /pin_\d+/.exec(next.because)?.[0];
    if (pin === undefined) parts.push(' ', { id: next.to, text: next.to }, ' waits for ');
    else {
      const it = { id: pin, text: pin };
      parts.push(' ', it, ' belongs to ', part(picture, next.to), ', which waits for ');
    }
    const its = holdersOf(picture, edges, { on: node, but: next.to });
    parts.push(part(picture, node), ...held(picture, its, nowMs), '.');
    operation = next.to;
    on = node;
  }
  return parts;
}

/** The operation that holds the node. */
const blockerOf = ({ from }: Edges, on: string) =>
  from.get(on)?.find(({ to, because }) => kindOf(to) === 'operation' && !isQueued(because)) ?? null;

/** ", which nic has held by pin_1 for 15 s"; nothing if nobody is known. */
function held(picture: Picture, holders: readonly Holder[], nowMs: number): Part[] {
  const [first] = holders;
  if (first === undefined) return [];
  const others = holders.length - 1;
  const more = others === 0 ? '' : `, and so ${others === 1 ? 'does' : 'do'} ${others} more`;
  const pin = picture.pins.get(first.id);
  if (pin !== undefined) {
    const heldMs = Math.max(0, nowMs - pin.sinceMs);
    const time = heldMs === 0 ? '' : ` for ${durationText(heldMs)}`;
    const holds = heldMs === 0 ? 'holds' : 'has held';
    const it = { id: first.id, text: first.id };
    if (pin.owner === null) return [', which ', it, ` ${holds}${time}${more}`];
    return [`, which ${pin.owner} ${holds} by `, it, `${time}${more}`];
  }
  return [', which ', part(picture, first.id), ` ${verbOf(first)}${more}`];
}

function verbOf({ id, because }: Holder): string {
  if (kindOf(id) === 'mapping') return 'still maps';
  return because.replace(/ it\b/, '');
}

const doing = {
  unpin: { ing: 'Unpinning', imperative: 'Unpin' },
  munmap: { ing: 'Removing', imperative: 'Remove' },
  cancel: { ing: 'A signal to', imperative: 'Cancel' },
} as const;

export const releaseLabel = (step: ReleaseStep): string =>
  `${doing[step.do].imperative} ${step.id}`;

/** What can be let go where the server does not look for what ends the wait. */
export function firstRelease(ids: readonly string[]): ReleaseStep | null {
  for (const id of ids) {
    if (kindOf(id) === 'pin') return { do: 'unpin', id };
    if (kindOf(id) === 'mapping') return { do: 'munmap', id };
  }
  return null;
}

/** What would end it. `first` is told where the server did not look for it. */
export function endingSentence(
  released: Release | null,
  notRun: string | null,
  first: ReleaseStep | null = null,
): Part[] {
  if (released === null) {
    if (notRun === null) return [];
    const unknown = `The server did not work out what would end it, because ${notRun}.`;
    if (first === null) return [unknown];
    return [
      `${unknown} ${doing[first.do].ing} `,
      { id: first.id, text: first.id },
      ' is a first step.',
    ];
  }
  const { order, enough } = released;
  const [next] = order;
  if (next === undefined) return ['Nothing that can be released is in its way.'];
  if (order.length === 1) {
    const it = { id: next.id, text: next.id };
    const ends = enough ? ' ends it.' : ' is not enough: then it waits for something else.';
    return [`${doing[next.do].ing} `, it, ends];
  }
  const named = order.slice(0, 3).flatMap(({ id }, at): Part[] => {
    const it = { id, text: id };
    return at === 0 ? [it] : [', ', it];
  });
  const more = order.length > 3 ? ` and ${order.length - 3} more` : '';
  const ends = enough ? 'end it' : 'are not enough';
  return [`${plural(order.length, 'release')} in this order ${ends}: `, ...named, `${more}.`];
}

/** What an operation would do under another strategy. */
export function otherText(picture: Picture, other: Explanation['others'][number]): string {
  switch (other.outcome) {
    case 'done':
      return other.warnings > 0 ? 'be done, and free the page under the pin' : 'be done';
    case 'failed':
      return `fail with ${other.errno}`;
    case 'cancelled':
      return `end with ${other.errno}`;
    case 'running':
      return 'run on';
    case 'refused':
      return `not happen: the strategy is refused with ${other.errno}`;
    case 'sleeping':
      return `sleep${sleepText(picture, other.sleepingOn)}`;
  }
}

/** `sleepingOn` has the form of an operation's record. */
function sleepText(picture: Picture, sleepingOn: unknown): string {
  const { page, lock } = (sleepingOn ?? {}) as {
    page?: { pfn: number };
    lock?: { name: string };
  };
  if (page !== undefined) return ` on ${nounOf(picture, `page:${page.pfn}`)}`;
  return lock === undefined ? '' : ` on ${lock.name}`;
}
