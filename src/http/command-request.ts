// A command as the request with which a client makes it.
import { operations } from '../kernel/ops/index.ts';
import type { CommandJson } from '../script/command-json.ts';
import { urlOf } from './target.ts';

export interface CommandRequest {
  method: string;
  /** Below /v1/filesystems/:fs, escaped: `/files/a/punch-hole`. */
  path: string;
  query: Record<string, string>;
  /** The body, unless it is bytes or there is none. */
  json?: Record<string, unknown>;
}

export function requestOf({ op: name, on = {}, ...rest }: CommandJson): CommandRequest {
  const op = operations.get(name);
  if (op === undefined) throw new Error('a command names an operation of the registry');
  const { method, path } = op.route;
  const below = urlOf({ on: op.on, path })
    .replace(/^.*:fs/, '')
    .replace(/:(\w+)/g, (_, kind: keyof typeof on) => escaped(on[kind] ?? ''));
  const { args = {}, owner, nowait, timeoutMs, failOnDeadlock } = rest;
  const given = { ...args, ...definedOf({ owner, nowait, timeoutMs, failOnDeadlock }) };
  if (op.takes === 'json') return { method, path: below, query: {}, json: given };
  const query = Object.entries(given).map(([key, value]) => [key, String(value)]);
  return { method, path: below, query: Object.fromEntries(query) };
}

const escaped = (id: string): string => encodeURIComponent(id).replaceAll("'", '%27');

const definedOf = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
