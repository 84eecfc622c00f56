// Which events a subscription shows. An absent part of a filter hides nothing.
import { z } from 'zod';
import { type EventType, eventTable, type KernelEvent } from '../../kernel/events.ts';
import { pmdBytes } from '../../kernel/mm/pmd.ts';
import { pageSize, zBytes } from '../../kernel/units.ts';
import { typePrefix } from './envelope.ts';

const names = new Set(Object.keys(eventTable));

/** `pinhole.page.idle`, the same without the prefix, or a whole family: `pinhole.page.*`. Null where nothing is called that. */
function typesNamed(text: string): EventType[] | null {
  const name = text.startsWith(typePrefix) ? text.slice(typePrefix.length) : text;
  if (names.has(name)) return [name as EventType];
  if (!name.endsWith('.*')) return null;
  const family = [...names].filter((one) => one.startsWith(name.slice(0, -1)));
  return family.length === 0 ? null : (family as EventType[]);
}

const zTypeName = z
  .string()
  .max(64)
  .refine((text) => typesNamed(text) !== null, 'There is no such event type.');

export const zFilter = z
  .strictObject({
    types: z.array(zTypeName).min(1).max(64).optional().describe('Event types, or families of them: `pinhole.page.*`.'),
    file: z.string().min(1).max(255).optional().describe('The name that a file had when the event happened.'),
    range: z
      .strictObject({ offset: zBytes, length: zBytes.min(1) })
      .optional()
      .describe('Hides events that name a place of the file outside of this range of bytes; needs `file`.'),
  })
  .refine(({ file, range }) => range === undefined || file !== undefined, { path: ['range'], message: 'A range needs a file.' });

export interface Filter {
  types: ReadonlySet<EventType> | null;
  file: string | null;
  range: { offset: number; length: number } | null;
  /** Equal for filters that show the same, so that their readers share frames. */
  key: string;
}

/** Null shows everything. */
export function filterOf(asked: z.infer<typeof zFilter> | undefined): Filter | null {
  if (asked === undefined) return null;
  const { types, file, range } = asked;
  if (types === undefined && file === undefined) return null;
  const wanted = types === undefined ? null : new Set(types.flatMap((text) => typesNamed(text) ?? []));
  const key = JSON.stringify([wanted === null ? null : [...wanted].sort(), file ?? null, range?.offset, range?.length]);
  return { types: wanted, file: file ?? null, range: range ?? null, key };
}

export function shows(filter: Filter, event: KernelEvent): boolean {
  if (filter.types !== null && !filter.types.has(event.type)) return false;
  if (filter.file === null) return true;
  const places = placesIn(event, filter.file);
  if (places === null) return false;
  const { range } = filter;
  return range === null || places.length === 0 || places.some((place) => meet(place, range));
}

interface Bytes {
  offset: number;
  length: number;
}

/** The places of the file that the event names; without any it concerns all of it. Null where it is of another file. */
function placesIn({ type, file, data }: KernelEvent, name: string): Bytes[] | null {
  if (type === 'range.exchanged') {
    const { offset, length, withOffset } = data;
    const places = [
      { of: file, offset, length },
      { of: data.with, offset: withOffset, length },
    ].filter(({ of }) => of === name);
    return places.length === 0 ? null : places;
  }
  if (file !== name) return null;
  if (type === 'page.pmd_faulted') return [{ offset: data.pgoff * pageSize, length: pmdBytes }];
  if ('offset' in data) return [{ offset: data.offset, length: data.length }];
  const pgoff = 'pgoff' in data ? data.pgoff : undefined;
  return typeof pgoff === 'number' ? [{ offset: pgoff * pageSize, length: pageSize }] : [];
}

/**
 *     a   |--------|
 *     b      |---------|
 */
const meet = (a: Bytes, b: Bytes): boolean => a.offset < b.offset + b.length && b.offset < a.offset + a.length;
