// A value as it is stored: first a checksum of the key and the value, then the value.
import { crc32 } from 'node:zlib';
import type { ClassicLevel } from 'classic-level';
import { causeOf } from './disk-room.ts';
import { JournalError } from './journal-error.ts';

export type Level = ClassicLevel<string, Uint8Array>;

const checksumBytes = 4;

/** Turns an error of a read into a JournalError `damaged`. */
export async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new JournalError('damaged', `${what} cannot be read: ${causeOf(error).message}`, error);
  }
}

export function seal(key: string, body: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(checksumBytes + body.length);
  sealed.writeUInt32LE(crc32(body, crc32(key)), 0);
  sealed.set(body, checksumBytes);
  return sealed;
}

/** Throws `damaged` if the checksum does not match. */
export function unseal(key: string, sealed: Uint8Array): Uint8Array {
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const body = sealed.subarray(checksumBytes);
  if (sealed.byteLength < checksumBytes || view.getUint32(0, true) !== crc32(body, crc32(key))) {
    throw new JournalError('damaged', `the checksum of ${key} is wrong`);
  }
  return body;
}
