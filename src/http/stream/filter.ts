// Which events a subscription shows. An absent part of a filter hides nothing.
import { z } from 'zod';
import {
  isLabEvent,
  type LabEventType,
  labEventTypes,
  type StreamEvent,
} from '../../durable/lab-events.ts';
import { type EventType, eventTable, type KernelEvent } from '../../kernel/events.ts';
import { pmdBytes } from '../../kernel/mm/pmd.ts';
import { pageSize, zBytes } from '../../kernel/units.ts';
import { typePrefix } from './envelope.ts';

const names = new Set<string>([...Object.keys(eventTable), ...labEventTypes]);
type StreamEventType = EventType | LabEventType;

/**
 * The event types for `pinhole.page.idle`, the same without the prefix, or a whole family such as
 * `pinhole.page.*`. Null if there is none.
 */
function typesNamed(text: string): StreamEventType[] | null {
  const name = text.startsWith(typePrefix) ? text.slice(typePrefix.length) : text;
  if (names.has(name)) return [name as StreamEventType];
  if (!name.endsWith('.*')) return null;
  const family = [...names].filter((one) => one.startsWith(name.slice(0, -1)));
  return family.length === 0 ? null : (family as StreamEventType[]);
}

const zTypeName = z
  .string()
  .max(64)
  .refine((text) => typesNamed(text) !== null, 'There is no such event type.');

export const zFilter = z
  .strictObject({
    types: z
      .array(zTypeName)
      .min(1)
      .max(64)
      .optional()
      .describe('Event types, or families of them: `pinhole.page.*`.'),
    file: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe(
        'The file that had this name when the event happened. An unlinked file has no name; ' +
          'use ino for it.',
      ),
    ino: z
      .int()
      .positive()
      .optional()
      .describe('The file with this inode, whatever its name, even if it is unlinked.'),
    range: z
      .strictObject({ offset: zBytes, length: zBytes.min(1) })
      .optional()
      .describe('Hides events about other bytes of the file than these; needs `file` or `ino`.'),
  })
  .refine(
    ({ file, ino, range }) => range === undefined || file !== undefined || ino !== undefined,
    {
      path: ['range'],
      message: 'A range needs a file.',
    },
  );

export interface Filter {
  types: ReadonlySet<StreamEventType> | null;
  file: string | null;
  ino: number | null;
  range: { offset: number; length: number } | null;
  /** Equal for filters that show the same events, because such readers share frames. */
  key: string;
}

/** Null if there is no filter. */
export function filterOf(asked: z.infer<typeof zFilter> | undefined): Filter | null {
  if (asked === undefined) return null;
  const { types, file, ino, range } = asked;
  if (types === undefined && file === undefined && ino === undefined) return null;
  const wanted =
    types === undefined ? null : new Set(types.flatMap((text) => typesNamed(text) ?? []));
  const key = JSON.stringify([
    wanted === null ? null : [...wanted].sort(),
    file ?? null,
    ino ?? null,
    range?.offset,
    range?.length,
  ]);
  return { types: wanted, file: file ?? null, ino: ino ?? null, range: range ?? null, key };
}

export function shows(filter: Filter, event: StreamEvent): boolean {
  if (filter.types !== null && !filter.types.has(event.type)) return false;
  if (filter.file === null && filter.ino === null) return true;
  const places = isLabEvent(event) ? null : placesIn(event, filter);
  if (places === null) return false;
  const { range } = filter;
  return range === null || places.length === 0 || places.some((place) => meet(place, range));
}

interface Bytes {
  offset: number;
  length: number;
}

/**
 * The byte ranges of the file that the event names. An empty list stands for the whole file, null
 * for an event of another file.
 */
function placesIn(
  { type, file, ino, unlinked, data }: KernelEvent,
  filter: Filter,
): Bytes[] | null {
  if (type === 'range.exchanged') {
    const { offset, length, withOffset, withIno } = data;
    const places = [
      { of: { file, ino, unlinked }, offset, length },
      {
        of: { file: data.with, ino: withIno, unlinked: data.withUnlinked === true },
        offset: withOffset,
        length,
      },
    ].filter(({ of }) => isAsked(of, filter));
    return places.length === 0 ? null : places;
  }
  if (!isAsked({ file, ino, unlinked }, filter)) return null;
  if (type === 'page.pmd_faulted') return [{ offset: data.pgoff * pageSize, length: pmdBytes }];
  if ('offset' in data) return [{ offset: data.offset, length: data.length }];
  const pgoff = 'pgoff' in data ? data.pgoff : undefined;
  return typeof pgoff === 'number' ? [{ offset: pgoff * pageSize, length: pageSize }] : [];
}

/**
 * A name matches events of the file that had this name then. An inode without a name can only be
 * selected by its number.
 */
function isAsked(
  of: { file: string | null; ino: number; unlinked: boolean },
  { file, ino }: Filter,
): boolean {
  return (file === null || (of.file === file && !of.unlinked)) && (ino === null || of.ino === ino);
}

/**
 *     a   |--------|
 *     b      |---------|
 */
const meet = (a: Bytes, b: Bytes): boolean =>
  a.offset < b.offset + b.length && b.offset < a.offset + a.length;
