// What the contracts of operations and views have in common: the thing in the URL and the form of
// bodies.
import { z } from 'zod';
import type { Target } from '../state.ts';

/** The thing that an operation acts on, or that a view shows. */
export type Scope = 'filesystem' | keyof Target;

/**
 * Things that have a version, which is their ETag: If-Match and If-None-Match can name it. Of the
 * others a precondition can only say `*`.
 */
export const hasVersion: Readonly<Record<Scope, boolean>> = {
  filesystem: true,
  file: true,
  mapping: false,
  pin: false,
  operation: false,
};

export const mediaTypes = {
  json: 'application/json',
  bytes: 'application/octet-stream',
} as const;
export type Media = keyof typeof mediaTypes;

/** The bytes of a result, where the answer is `bytes`. */
export const zData: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

/** The most that a page of a list has. */
export const pageSizeMax = 1000;
