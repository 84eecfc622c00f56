// A sweep runs the whole workload once for each value at a path of its document. Two paths make a
// map: each value of the first with each of the second.
import { type Parsed, workloadOf } from './document.ts';
import { LabError } from './lab-error.ts';
import { noSuch } from './nearest.ts';
import type { Workload } from './schema.ts';

export interface Point {
  /** The value at each path of the sweep; empty without a sweep. */
  at: Record<string, unknown>;
  workload: Workload;
  /** The document with these values. */
  raw: unknown;
}

/** The values of each point, in the order of the document. */
export function valuesOf(
  sweep: Readonly<Record<string, readonly unknown[]>> = {},
): Record<string, unknown>[] {
  return Object.entries(sweep).reduce<Record<string, unknown>[]>(
    (some, [path, values]) =>
      some.flatMap((at) => values.map((value) => ({ ...at, [path]: value }))),
    [{}],
  );
}

/** The document of a point. Throws a LabError if a path leads nowhere. */
export function documentAt(raw: unknown, at: Record<string, unknown>): unknown {
  if (Object.keys(at).length === 0) return raw;
  const own = structuredClone(raw) as Record<string, unknown>;
  delete own.sweep;
  for (const [path, value] of Object.entries(at)) setAt(own, path, value);
  return own;
}

/** All points, each checked as a workload of its own. Throws a LabError. */
export function pointsOf({ workload, raw }: Parsed): Point[] {
  return valuesOf(workload.sweep).map((at) =>
    Object.keys(at).length === 0
      ? { at, workload, raw }
      : { at, ...inPoint(documentAt(raw, at), at) },
  );
}

function inPoint(raw: unknown, at: Record<string, unknown>): Parsed {
  try {
    return workloadOf(raw);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const where = JSON.stringify(at);
    throw new LabError(
      error.mistakes.map((one) => ({
        ...one,
        message: `${one.message} (in the sweep at ${where})`,
      })),
    );
  }
}

type Fields = Record<string, unknown>;

/**
 * `actors.nic.loop.hold.median`: in a list, a name is the first item that has it; a field is also
 * found one level deeper, so that nobody has to name the distribution.
 */
function setAt(document: Fields, path: string, value: unknown): void {
  const names = path.split('.');
  let at: unknown = document;
  for (const [index, name] of names.entries()) {
    const holder = holderOf(at, name);
    if (holder === null)
      throw new LabError([{ path: `sweep.${path}`, message: noSuch('field', name, namesIn(at)) }]);
    if (index === names.length - 1) holder[name] = value;
    else at = holder[name];
  }
}

function holderOf(at: unknown, name: string): Fields | null {
  if (typeof at !== 'object' || at === null) return null;
  if (Object.hasOwn(at, name)) return at as Fields;
  const inside = Array.isArray(at) ? at : Object.values(at);
  for (const one of inside)
    if (typeof one === 'object' && one !== null && !Array.isArray(one) && Object.hasOwn(one, name))
      return one as Fields;
  return null;
}

/** The names that would be right here. */
function namesIn(at: unknown): string[] {
  if (typeof at !== 'object' || at === null) return [];
  const deeper = Object.values(at).flatMap((one) =>
    typeof one === 'object' && one !== null && !Array.isArray(one) ? Object.keys(one) : [],
  );
  return [...new Set([...(Array.isArray(at) ? [] : Object.keys(at)), ...deeper])];
}
