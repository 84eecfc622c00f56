// ETags, If-Match, If-None-Match and Range (RFC 9110 §13, §14). The ETag of a file is the kernel's own, which its records also show.
import type { IncomingHttpHeaders } from 'node:http';
import type { Hosted } from '../engine/engine.ts';
import { etagOf, findFile } from '../kernel/fs/inode.ts';
import type { Inode } from '../kernel/state.ts';
import { HttpProblem } from './problem.ts';

export function fileOf(fs: Hosted, name: string | undefined): Inode | null {
  return name === undefined ? null : findFile(fs.kernel, name);
}

/** Moves with every command. */
export function etagOfFilesystem(fs: Hosted): string {
  return `"${incarnation(fs)}-${fs.kernel.seq}"`;
}

const incarnation = (fs: Hosted): string => fs.id.slice(0, 8);

/** `any` is `*`. Weak tags never match strongly and are kept as they are written. */
export function tagsOf(header: string): 'any' | string[] {
  return header.trim() === '*' ? 'any' : (header.match(/(?:W\/)?"[^"]*"/g) ?? []);
}

/**
 * What the kernel is to compare when the operation begins: null where any version will do. Of several tags, that which the file has now,
 * because only that one can match.
 */
export function ifMatchFor(inode: Inode, header: string): string | null {
  const tags = tagsOf(header);
  if (tags === 'any') return null;
  const now = etagOf(inode);
  return tags.includes(now) ? now : (tags[0] ?? '""');
}

/** The same for a filesystem, which the kernel knows by the number of its last entry. */
export function ifMatchForFilesystem(fs: Hosted, header: string): string | null {
  const tags = tagsOf(header);
  if (tags === 'any') return null;
  const tag = tags.includes(etagOfFilesystem(fs)) ? etagOfFilesystem(fs) : (tags[0] ?? '');
  const prefix = `"${incarnation(fs)}-`;
  return tag.startsWith(prefix) ? tag.slice(prefix.length, -1) : '';
}

/** Nothing matches where there is nothing, not even `*`. */
export const nothingMatches = (): HttpProblem => new HttpProblem('precondition-failed', 'What If-Match asks for is not there.');

/** Throws the 412 of a read that is no operation. `etag` is null where there is nothing to read. */
export function checkIfMatch({ 'if-match': header }: IncomingHttpHeaders, etag: string | null): void {
  if (header === undefined) return;
  if (etag === null) throw nothingMatches();
  const tags = tagsOf(header);
  if (tags === 'any' || tags.includes(etag)) return;
  throw new HttpProblem('precondition-failed', 'The ETag is not one that If-Match names.');
}

/** True where If-None-Match makes a GET a 304. Weak comparison. */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const header = headers['if-none-match'];
  if (header === undefined) return false;
  const tags = tagsOf(header);
  return tags === 'any' || tags.some((tag) => tag.replace(/^W\//, '') === etag);
}

/**
 * Where a PATCH writes: the first byte of Content-Range, which must fit the body (draft-ietf-httpapi-patch-byterange). Null for a PUT, which
 * with a Content-Range would replace what the client meant to keep (RFC 9110 §14.5).
 */
export function patchOffset(method: string, headers: IncomingHttpHeaders, bytes: number): number | null {
  const header = headers['content-range'];
  if (method !== 'PATCH') {
    if (header === undefined) return null;
    throw new HttpProblem('invalid-header', 'PUT takes no Content-Range; PATCH writes a part of the content.');
  }
  const [, first, last] = /^bytes (\d{1,16})-(\d{1,16})\/\*$/i.exec(header?.trim() ?? '') ?? [];
  if (first === undefined) throw new HttpProblem('invalid-header', 'PATCH needs `Content-Range: bytes first-last/*`.');
  if (Number(last) - Number(first) + 1 === bytes) return Number(first);
  throw new HttpProblem('invalid-header', `Content-Range and the body differ in length: the body has ${bytes} bytes.`);
}

export type Range = { kind: 'whole' } | { kind: 'part'; offset: number; length: number } | { kind: 'unsatisfiable' };

/** One range of bytes; several, another unit, a malformed header or an If-Range that does not match mean the whole. */
export function rangeOf(headers: IncomingHttpHeaders, sizeBytes: number, etag: string): Range {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range ?? '');
  if (match === null) return { kind: 'whole' };
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && ifRange !== etag) return { kind: 'whole' };
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return { kind: 'whole' };
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes);
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', offset: sizeBytes - length, length };
  }
  const offset = Number(from);
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < offset) return { kind: 'whole' };
  return offset >= sizeBytes ? { kind: 'unsatisfiable' } : { kind: 'part', offset, length: last - offset + 1 };
}
