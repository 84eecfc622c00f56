// Shared by the contracts of operations and views: the thing in the URL and the form of bodies.
import { z } from 'zod';
import type { Target } from '../state.ts';

/** The thing that an operation acts on, or that a view shows. */
export type Scope = 'filesystem' | keyof Target;

/**
 * The things that have a version, which is their ETag, so If-Match and If-None-Match can name it.
 * For the others a precondition can only be `*`.
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

/** The bytes of a result whose media type is `bytes`. */
export const zData: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

/** The largest page of a list. */
export const pageSizeMax = 1000;
