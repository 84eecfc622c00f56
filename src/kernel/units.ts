// Branded numbers, so that the compiler rejects a mix-up, and the only conversions between them. A
// cast adds the brand where a value is made.
import { z } from 'zod';

export const pageSize = 4096;

/** Index of a page frame of the device; 0 is the first page of the namespace. */
export type Pfn = number & { readonly __unit: 'Pfn' };
/** Index of a page of a file. */
export type PgOff = number & { readonly __unit: 'PgOff' };
/** Byte position in a file. */
export type ByteOffset = number & { readonly __unit: 'ByteOffset' };
/** Inode number, unique for the life of the filesystem. */
export type Ino = number & { readonly __unit: 'Ino' };
export type TaskId = number & { readonly __unit: 'TaskId' };
export type MapId = number & { readonly __unit: 'MapId' };
export type PinId = number & { readonly __unit: 'PinId' };

/** Ids as a client sees them: a prefix and the number, which counts from 1. */
const prefixes = { mapping: 'map_', pin: 'pin_', operation: 'op_' } as const;
export type Numbered = keyof typeof prefixes;

export const mappingId = (number: number): string => `${prefixes.mapping}${number}`;
export const pinId = (number: number): string => `${prefixes.pin}${number}`;
export const opId = (number: number): string => `${prefixes.operation}${number}`;

/** The source of a regular expression. 15 digits stay below 2^53. */
export const idPattern = (kind: Numbered): string => `${prefixes[kind]}[1-9][0-9]{0,14}`;

/** The number of an id; null if the string is not an id of this kind. */
export function numberOf(kind: Numbered, id: string): number | null {
  const digits = id.startsWith(prefixes[kind]) ? id.slice(prefixes[kind].length) : '';
  return /^[1-9][0-9]{0,14}$/.test(digits) ? Number(digits) : null;
}

export const toPfn = (n: number): Pfn => n as Pfn;
export const toPgOff = (n: number): PgOff => n as PgOff;

/** The last page that an offset of 2^53-1 bytes can lie in. */
export const lastPage = (2 ** 41 - 1) as PgOff;

/** The page that holds byte `offset`. Offsets reach 2^53, so no bit shifts. */
export const pageOf = (offset: number): PgOff => Math.floor(offset / pageSize) as PgOff;
/** The first page that begins at or after byte `offset`. */
export const pageCeil = (offset: number): PgOff => Math.ceil(offset / pageSize) as PgOff;
export const byteOf = (pgoff: number): ByteOffset => (pgoff * pageSize) as ByteOffset;

/** A whole number of bytes from 0 to 2^53-1; -0, fractions, NaN and 2^53 are refused. */
export const zBytes = z
  .int()
  .nonnegative()
  .refine((n) => !Object.is(n, -0), 'must not be -0');
/** A count, a number of bytes or of milliseconds in an answer. */
export const zCount = z.int().nonnegative();
/** Milliseconds, 0 to 10 years. */
export const zMs = zBytes.max(315_360_000_000);
