// A load scenario: its setup, the calls that each connection repeats, and the answers of a bare
// server.
import type { Request } from 'autocannon';

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A path, or made from what earlier calls of the same turn left behind. */
  path: string | ((turn: Turn) => string);
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Looks at the answer, to leave something for later calls. */
  learn?(turn: Turn, body: string): void;
}

/** Begins empty with each repetition. */
export interface Turn {
  id?: string;
  slot?: number;
}

/** One answer of the bare server. `url` is in Fastify's notation. */
export interface Canned {
  method: Call['method'];
  url: string;
  status: number;
  reply: unknown;
}

export interface Scenario {
  name: string;
  doc: string;
  /** Makes what the calls need, and gives back the calls. */
  prepare(api: Api): Promise<Call[]>;
  bare: Canned[];
  /** Statuses that belong to the scenario. */
  expected: readonly number[];
}

/** Answers that are not 2xx are errors. */
export type Api = <T = unknown>(
  method: Call['method'],
  path: string,
  body?: unknown,
  token?: string,
) => Promise<T>;

export const json = { 'content-type': 'application/json' };

export function apiOf(base: string): Api {
  return async <T>(method: string, path: string, body?: unknown, token?: string): Promise<T> => {
    const isBytes = body instanceof Uint8Array;
    const type =
      body === undefined
        ? {}
        : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' };
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const payload =
      body === undefined ? {} : { body: isBytes ? Buffer.from(body) : JSON.stringify(body) };
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { ...type, ...authorization },
      ...payload,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? null : JSON.parse(text)) as T;
  };
}

/** In the form of autocannon. */
export function requestsOf(calls: readonly Call[]): Request[] {
  return calls.map(({ method, path, headers, body, learn }) => ({
    method,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    ...(typeof path === 'string' ? { path } : {}),
    ...(typeof path === 'string'
      ? {}
      : {
          setupRequest: (request: Request, turn: object) => ({
            ...request,
            path: path(turn as Turn),
          }),
        }),
    ...(learn === undefined
      ? {}
      : { onResponse: (_status: number, text: string, turn: object) => learn(turn as Turn, text) }),
  }));
}

export const statfs = { name: 'load', sizeBytes: 64 * 1024 * 1024 };
export const fs = '/v1/filesystems/load';

/** What a pin of one page is answered with. */
export const cannedPin = {
  id: 'pin_123456',
  file: 'a',
  mapping: 'map_1',
  owner: null,
  kind: 'direct-io',
  access: 'write',
  longterm: false,
  offset: 0,
  bytesPinned: 4096,
  pages: [{ pgoff: 0, pfn: 2, orphan: false }],
  createdMs: 1_700_000_000_000,
  heldMs: 0,
  untilMs: null,
};
