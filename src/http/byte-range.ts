// Range, If-Range and Content-Range (RFC 9110 §14).
import type { IncomingHttpHeaders } from 'node:http';
import { HttpProblem } from './problem.ts';

/**
 * The offset at which a PATCH writes: the first byte of Content-Range, whose length must be that of
 * the body (draft-ietf-httpapi-patch-byterange). Null for a PUT. A PUT with Content-Range is
 * refused, because it would replace the rest of the content as well (RFC 9110 §14.5).
 */
export function patchOffset(
  method: string,
  headers: IncomingHttpHeaders,
  bytes: number,
): number | null {
  const header = headers['content-range'];
  if (method !== 'PATCH') {
    if (header === undefined) return null;
    throw new HttpProblem(
      'invalid-header',
      'PUT does not accept Content-Range; use PATCH to write a part of the content.',
    );
  }
  const [, first, last] = /^bytes (\d{1,16})-(\d{1,16})\/\*$/i.exec(header?.trim() ?? '') ?? [];
  if (first === undefined)
    throw new HttpProblem('invalid-header', 'PATCH needs `Content-Range: bytes first-last/*`.');
  if (Number(last) - Number(first) + 1 === bytes) return Number(first);
  throw new HttpProblem(
    'invalid-header',
    `The length in Content-Range differs from that of the body, which has ${bytes} bytes.`,
  );
}

export type SatisfiableRange = { kind: 'whole' } | { kind: 'part'; offset: number; length: number };
export type Range = SatisfiableRange | { kind: 'unsatisfiable' };

export const wholeRange: SatisfiableRange = { kind: 'whole' };

/**
 * Only a single range of bytes is supported. The whole is sent for several ranges, another unit, a
 * malformed header, or an If-Range that does not match (RFC 9110 §14.2 allows that).
 */
export function rangeOf(headers: IncomingHttpHeaders, sizeBytes: number, etag: string): Range {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range ?? '');
  if (match === null) return { kind: 'whole' };
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && ifRange !== etag) return { kind: 'whole' };
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return { kind: 'whole' };
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes);
    return length === 0
      ? { kind: 'unsatisfiable' }
      : { kind: 'part', offset: sizeBytes - length, length };
  }
  const offset = Number(from);
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < offset) return { kind: 'whole' };
  return offset >= sizeBytes
    ? { kind: 'unsatisfiable' }
    : { kind: 'part', offset, length: last - offset + 1 };
}

export const contentRange = (offset: number, bytes: number, sizeBytes: number): string =>
  `bytes ${offset}-${offset + bytes - 1}/${sizeBytes}`;

/** `what` names what was to be read, such as `file`. */
export function unsatisfiable(what: string, sizeBytes: number): HttpProblem {
  const headers = { 'content-range': `bytes */${sizeBytes}` };
  const detail = `The range begins beyond the end of the ${what}, which has ${sizeBytes} bytes.`;
  return new HttpProblem('range-not-satisfiable', detail, { sizeBytes }, headers);
}
