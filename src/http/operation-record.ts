// Links that HTTP adds to the records of operations.
import type { HostedFilesystem } from '../engine/engine.ts';
import { operations } from '../kernel/ops/index.ts';

/** True for operations whose bytes can be fetched after a 202. */
export const readsBytes = (op: string): boolean => operations.get(op)?.gives === 'bytes';

/**
 * Adds a link to the bytes to the record of a read. The link does not say whether the bytes are
 * still stored: the record is the same after a restart, but the bytes may be lost.
 */
export function withContentLink<T>(fs: HostedFilesystem, record: T): T {
  const { id, op, result } = record as { id: string; op: string; result?: unknown };
  if (!readsBytes(op) || typeof result !== 'object' || result === null) return record;
  const { bytes } = result as { bytes?: number };
  const href = `/v1/filesystems/${fs.name}/operations/${id}/content`;
  return { ...record, result: { ...result, content: { href, bytes } } };
}
