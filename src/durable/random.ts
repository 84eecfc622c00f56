import { randomBytes } from 'node:crypto';

/** A random id, for an epoch or for an object whose name can be used again. */
export const newId = (): string => randomBytes(9).toString('hex');

/** The key with which tokens are hashed. */
export const newTokenKey = (): Uint8Array => randomBytes(32);
