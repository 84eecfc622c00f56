// The contract of a route. Routing, validation, the OpenAPI and AsyncAPI documents and the lists of
// the tests are derived from it, so that documents and behaviour cannot differ.
import { z } from 'zod';
import type { Scope } from '../tenants/tokens.ts';
import type { ProblemType } from './problem-table.ts';

export const jsonType = 'application/json';
export const bytesType = 'application/octet-stream';
export const bundleType = 'application/vnd.pinhole.bundle';

/** The groups of routes in the OpenAPI document. */
export const tags = {
  filesystem: 'Filesystems on simulated pmem namespaces, and views of their internal state.',
  file: 'Files by name: content, size, layout.',
  mapping: 'Mappings of files into a process: faults, loads, stores, flushes.',
  pin: 'Pages that a device has pinned: get_user_pages, DMA, unpin.',
  operation: 'Operations that run, sleep or have ended.',
  lab: 'Workloads under several strategies with many seeds, in simulated time.',
  tenant: 'Tenants, quotas and tokens; for the operator.',
  server: 'The server itself.',
} as const;
export type Tag = keyof typeof tags;

/** The type of a body: a value with a schema, bytes, or text. */
export type Content = z.ZodType | 'bytes' | 'text';

export interface Answer {
  status: number;
  doc: string;
  /** The content by media type. Absent if the answer has no body. */
  content?: Readonly<Record<string, Content>>;
  /** Names and descriptions of headers that do not follow from the rest of the contract. */
  headers?: Readonly<Record<string, string>>;
}

export interface Contract {
  /** The `operationId` of the OpenAPI document. */
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** In Fastify's notation. */
  url: string;
  /** `public` needs no caller; `any` accepts every authenticated caller. */
  scope: Scope | 'public' | 'any';
  tag: Tag;
  summary: string;
  doc: string;
  query: z.ZodType;
  /** Request headers that do not follow from the rest of the contract, with their descriptions. */
  headers?: Readonly<Record<string, string>>;
  /** The body of the request, with its media type; null if the request has none. */
  body: { type: typeof jsonType; schema: z.ZodType } | { type: typeof bytesType } | null;
  /** The body may also be a bundle. */
  orBundle?: true;
  answers: readonly Answer[];
  /** Problems that do not follow from the rest of the contract; see `problemsOf`. */
  problems: readonly ProblemType[];

  /**
   * How HEAD of a GET is answered: `derived` runs the handler and drops the body, `handled` calls
   * the handler, which treats HEAD itself, and `none` answers 405.
   */
  head: 'derived' | 'handled' | 'none';
  /** The route accepts `?ticket=` instead of a token. */
  ticket?: true;
  /** The route accepts an upgrade to a WebSocket, and is a channel of the AsyncAPI document. */
  webSocket?: true;
  /** The answer has a strong ETag. */
  etag?: true;
  /**
   * Who compares If-Match and If-None-Match: the route, with the ETag of the answer (`answer`), or
   * the kernel, when the operation begins (`command`).
   */
  conditions?: 'answer' | 'command';
  /** The route accepts Range and If-Range. */
  range?: true;
  /** The route accepts Prefer: how long to wait for the operation. */
  waits?: true;
  /** The request becomes a command of the kernel, with an owner, and waits in the inbox. */
  command?: true;
  /** The request writes to the journal. */
  durable?: true;
}

/** The query of a route that takes no parameters. */
export const noQuery = z.strictObject({});

/** The names of the parameters in the path, in order. */
export const pathNames = (url: string): string[] =>
  [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

const behindToken: readonly ProblemType[] = ['unauthorized', 'missing-scope', 'forbidden-origin'];
const ofBody: readonly ProblemType[] = ['invalid-body', 'too-large', 'unsupported-media-type'];
const ofKey: readonly ProblemType[] = [
  'key-in-use',
  'key-reused',
  'answer-not-kept',
  'too-many-keys',
];
const ofFilesystem: readonly ProblemType[] = [
  'enoent',
  'filesystem-stopped',
  'owner-changing',
  'engine-lost-entries',
];
const ofCommand: readonly ProblemType[] = ['enodev', 'inbox-full', 'memory-full'];
const ofJournal: readonly ProblemType[] = ['disk-full', 'journal-failed'];

/** Whether requests count against the rate of the tenant. An operator is never refused. */
export const isThrottled = ({ scope, webSocket }: Contract): boolean =>
  scope !== 'public' && scope !== 'operator' && webSocket !== true;

/** Every problem that a route can answer with. */
export function problemsOf(contract: Contract): ReadonlySet<ProblemType> {
  const { url, scope, body, method, query } = contract;
  const names = pathNames(url);
  return new Set<ProblemType>([
    ...(scope === 'public' ? [] : behindToken),
    ...(isThrottled(contract) ? (['too-many-requests'] as const) : []),
    ...(query === noQuery && body === null ? [] : (['invalid-value'] as const)),
    'unknown-field',
    ...(body === null ? [] : ofBody),
    ...(method === 'POST' ? ofKey : []),
    ...(method === 'GET' && scope === 'public' && contract.etag === undefined
      ? []
      : (['invalid-header', 'precondition-failed'] as const)),
    ...(names.includes('fs') ? ofFilesystem : []),
    ...(['tenant', 'problem', 'rule'].some((name) => names.includes(name))
      ? (['no-such-thing'] as const)
      : []),
    ...(contract.command === true ? [...ofCommand, 'estale' as const] : []),
    ...(contract.durable === true ? ofJournal : []),
    ...(contract.range === true ? (['range-not-satisfiable'] as const) : []),
    ...contract.problems,
    'internal',
  ]);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Optional only in the type of Fastify; every route must have one. */
    contract?: Contract;
  }
}
