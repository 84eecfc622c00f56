// The resource in the URL. One that does not exist, belongs to another tenant, or has an impossible
// name gives the same 404, so that tenants cannot probe for names of others.
import type { FastifyRequest } from 'fastify';
import type { Engine, HostedFilesystem } from '../engine/engine.ts';
import { ownerChanging } from '../engine/refusals.ts';
import { type Failure, failure } from '../kernel/errno.ts';
import type { Target } from '../kernel/state.ts';
import { numberOf } from '../kernel/units.ts';
import { tenantOf } from './auth.ts';
import { KernelFailure } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** In a cluster: the filesystem in the URL was served here when the request came in. */
    wasHosted?: boolean;
  }
}

export type On = 'filesystem' | 'file' | 'mapping' | 'pin' | 'operation';

const bases: Record<On, string> = {
  filesystem: '/v1/filesystems/:fs',
  file: '/v1/filesystems/:fs/files/:file',
  mapping: '/v1/filesystems/:fs/mappings/:mapping',
  pin: '/v1/filesystems/:fs/pins/:pin',
  operation: '/v1/filesystems/:fs/operations/:operation',
};

/** The URL in the notation of Fastify. */
export function urlOf({ on, path }: { on: On; path: string }): string {
  return path === '' ? bases[on] : `${bases[on]}/${path}`;
}

export type Params = {
  fs: string;
  file?: string;
  mapping?: string;
  pin?: string;
  operation?: string;
};
/** The kind of the resource in a path; null if the path is in no filesystem. */
export function onOf(params: Partial<Params>): On | null {
  if (params.fs === undefined) return null;
  return innermost.find((on) => params[on] !== undefined) ?? 'filesystem';
}
const innermost = ['mapping', 'pin', 'operation', 'file'] as const;

export type Found = { fs: HostedFilesystem; target: Target } | { fs: null; failure: Failure };

const nothing = (what: string): Found & { fs: null } => ({
  fs: null,
  failure: failure('ENOENT', 'T1', `there is no such ${what}`),
});

/** The filesystem in the URL; throws the 404. */
export function hostedOf(engine: Engine, request: FastifyRequest): HostedFilesystem {
  const found = targetOf(engine, request, 'filesystem');
  if (found.fs === null) throw new KernelFailure(found.failure);
  return found.fs;
}

/** The filesystem in a URL of the operator, which names the tenant as well; throws the 404. */
export function hostedOfTenant(engine: Engine, request: FastifyRequest): HostedFilesystem {
  const { tenant, fs } = request.params as Params & { tenant: string };
  const found = engine.find(tenant, fs);
  if (found !== undefined) return found;
  if (request.wasHosted === true) throw ownerChanging();
  throw new KernelFailure(nothing('filesystem').failure);
}

export function targetOf(engine: Engine, request: FastifyRequest, on: On): Found {
  const params = request.params as Params;
  const fs = engine.find(tenantOf(request), params.fs);
  if (fs === undefined) {
    // Another node may have taken it while the body was read, so a 404 could be wrong.
    if (request.wasHosted === true) throw ownerChanging();
    return nothing('filesystem');
  }
  if (on === 'filesystem') return { fs, target: {} };
  // A stopped filesystem shows nothing of its contents, but it can still be removed.
  fs.requireRunning();
  if (on === 'file') return { fs, target: { file: params.file ?? '' } };
  const number = numberOf(on, params[on] ?? '');
  return number === null ? nothing(on) : { fs, target: { [on]: number } };
}
