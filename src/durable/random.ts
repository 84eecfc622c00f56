import { randomBytes } from 'node:crypto';

/** The name of a history, or of a thing whose own name may be used again. */
export const newId = (): string => randomBytes(9).toString('hex');

/** Tokens are hashed with it. */
export const newTokenKey = (): Uint8Array => randomBytes(32);
