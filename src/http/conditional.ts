// ETags, If-Match and If-None-Match (RFC 9110 §13). The ETag of a file is the kernel's own, which
// its records also show.
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { HostedFilesystem } from '../engine/engine.ts';
import { etagOf, findFile } from '../kernel/fs/inode.ts';
import type { Command, Inode, Outcome, Target } from '../kernel/state.ts';
import { plainTag } from './compression.ts';
import { HttpProblem } from './problem.ts';
import type { On } from './target.ts';

export function fileOf(fs: HostedFilesystem, name: string | undefined): Inode | null {
  return name === undefined ? null : findFile(fs.kernel, name);
}

/** It changes with every command. */
export function etagOfFilesystem(fs: HostedFilesystem): string {
  return `"${incarnation(fs)}-${fs.kernel.seq}"`;
}

/** The ETag of the resource in the URL; null if it has none or does not exist. */
export function etagOfTarget(fs: HostedFilesystem, on: On, target: Target): string | null {
  if (on === 'filesystem') return etagOfFilesystem(fs);
  const inode = on === 'file' ? fileOf(fs, target.file) : null;
  return inode === null ? null : etagOf(inode);
}

export const incarnation = (fs: HostedFilesystem): string => fs.id.slice(0, 8);

export type Tags = '*' | readonly string[];

const tagForm = /[ \t]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|$)/y;

/** Null if the header is not a list of ETags. Its elements may be empty (RFC 9110 §5.6.1). */
export function tagsOf(header: string): Tags | null {
  if (header.trim() === '*') return '*';
  const tags: string[] = [];
  tagForm.lastIndex = 0;
  while (tagForm.lastIndex < header.length) {
    const match = tagForm.exec(header);
    if (match === null) return null;
    if (match[1] !== undefined) tags.push(match[1]);
  }
  return tags;
}

/**
 * The preconditions of a request; null if it has none. If-Modified-Since and If-Unmodified-Since
 * are ignored, because resources have no dates (RFC 9110 §13.1.3, §13.1.4).
 */
export interface Conditions {
  ifMatch: Tags | null;
  ifNoneMatch: Tags | null;
}

export function conditionsOf(headers: IncomingHttpHeaders): Conditions | null {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch === undefined && ifNoneMatch === undefined) return null;
  return {
    ifMatch: tagsIn('If-Match', ifMatch),
    ifNoneMatch: tagsIn('If-None-Match', ifNoneMatch),
  };
}

function tagsIn(name: string, header: string | undefined): Tags | null {
  if (header === undefined) return null;
  const tags = tagsOf(header);
  if (tags === null)
    throw new HttpProblem(
      'invalid-header',
      `${name} must be * or a comma-separated list of ETags in double quotes.`,
    );
  return tags === '*' ? tags : tags.map(plainTag);
}

/**
 * If-None-Match compares weakly (RFC 9110 §13.1.2). If-Match compares strongly, so a weak tag
 * matches nothing there.
 */
const weakened = (tags: Tags): Tags =>
  tags === '*' ? tags : tags.map((tag) => tag.replace(/^W\//, ''));

/** The kernel compares when the operation begins, so that no command can come between. */
export function addConditions(
  command: Command,
  fs: HostedFilesystem,
  on: On,
  { ifMatch, ifNoneMatch }: Conditions,
): void {
  const own = (tags: Tags): Tags =>
    tags === '*' || on !== 'filesystem' ? tags : tags.map((tag) => entryOf(fs, tag));
  if (ifMatch !== null) command.ifMatch = own(ifMatch);
  if (ifNoneMatch !== null) command.ifNoneMatch = own(weakened(ifNoneMatch));
}

/**
 * The kernel identifies a version of the filesystem by the sequence number of its last entry. Empty
 * for a tag that this filesystem never had, which matches nothing.
 */
function entryOf(fs: HostedFilesystem, tag: string): string {
  const prefix = `"${incarnation(fs)}-`;
  return tag.startsWith(prefix) ? tag.slice(prefix.length, -1) : '';
}

/** A GET is not refused by If-None-Match: its answer is a 304. */
export const isNoneMatchFailure = (outcome: Outcome | null): boolean =>
  outcome !== null && !outcome.ok && outcome.failure.header === 'If-None-Match';

/** A resource that does not exist matches nothing, not even `*`. */
export const nothingMatches = (): HttpProblem =>
  new HttpProblem('precondition-failed', 'If-Match is given, but the resource does not exist.', {
    header: 'If-Match',
  });

/**
 * Checks the preconditions of a request against `etag`, the current one, or null for a resource
 * without. Throws the 412; true if the answer is 304 (RFC 9110 §13.2.2).
 */
export function isNotModified({ method, headers }: FastifyRequest, etag: string | null): boolean {
  const conditions = conditionsOf(headers);
  if (conditions === null) return false;
  const isNamed = (tags: Tags): boolean => tags === '*' || (etag !== null && tags.includes(etag));
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== null && !isNamed(ifMatch))
    throw new HttpProblem(
      'precondition-failed',
      'The current ETag is not among those in If-Match.',
      {
        header: 'If-Match',
      },
    );
  if (ifNoneMatch === null || !isNamed(weakened(ifNoneMatch))) return false;
  if (method === 'GET' || method === 'HEAD') return true;
  const why =
    'The resource at this URL exists, and If-None-Match matches its current state. (For a ' +
    'POST to a list, the resource is the list.)';
  throw new HttpProblem('precondition-failed', why, { header: 'If-None-Match' });
}
