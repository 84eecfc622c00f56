// Converts a request to a command of the kernel: its arguments, its bytes and its owner.
import type { FastifyRequest } from 'fastify';
import type { Operation } from '../kernel/ops/define.ts';
import { requestArgsOf, type WaitArgs, waitArgs, zOwner } from '../kernel/ops/request-args.ts';
import type { Command, Target } from '../kernel/state.ts';
import { patchOffset } from './byte-range.ts';
import { bytesType } from './contract.ts';
import type { Preference } from './prefer.ts';
import { HttpProblem } from './problem.ts';
import { coerce, coercionsOf, objectOf, parse } from './schema.ts';

/** Parses the requests for one operation. Created once for each route. */
export interface CommandParser {
  op: Operation;
  coercions: ReturnType<typeof coercionsOf>;
  requestCoercions: ReturnType<typeof coercionsOf>;
  requestNames: readonly string[];
}

export function commandParserOf(op: Operation): CommandParser {
  const requestArgs = requestArgsOf(op);
  return {
    op,
    coercions: coercionsOf(op.args, requestArgs),
    requestCoercions: coercionsOf(requestArgs),
    requestNames: Object.keys(requestArgs.shape),
  };
}

/** The parts of a request that can be in a command. */
type Asked = Pick<FastifyRequest, 'method' | 'headers' | 'query' | 'body'>;

export function commandOf(
  parser: CommandParser,
  request: Asked,
  on: Target,
  { preference, stepped }: { preference: Preference; stepped: boolean },
): Command {
  const { op } = parser;
  const { patch, takes, waits } = op;
  const data = takes === 'bytes' ? bytesOf(request) : null;
  const raw = rawArgs(parser, request);
  if (data !== null && patch) setOffset(raw, request, data.length);
  const { common, rest } = splitArgs(parser, raw);
  const command: Command = { op: op.name, on, args: parse(op.args, rest) };
  if (data !== null) command.data = data;
  const owner = common.owner ?? ownerHeader(request);
  if (owner !== undefined) command.owner = owner;
  if (common.nowait === true) command.nowait = true;
  if (common.timeoutMs !== undefined) command.timeoutMs = common.timeoutMs;
  if (common.failOnDeadlock === true) command.failOnDeadlock = true;
  // The record must stay readable if the caller does not wait for the result. A stepped filesystem
  // runs nothing by itself, so its callers often do not wait.
  if (preference.async || (stepped && waits)) command.keep = true;
  return command;
}

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};

function rawArgs(parser: CommandParser, request: Asked): Record<string, unknown> {
  const { op, coercions, requestCoercions } = parser;
  const { takes, route } = op;
  const query = request.query as Record<string, unknown>;
  if (takes === 'bytes') return coerce(query, coercions);
  // Only DELETE accepts its arguments in the query or in the body.
  const mayBeInQuery = takes === null || route.method === 'DELETE';
  const inQuery = isEmpty(query)
    ? null
    : coerce(query, mayBeInQuery ? coercions : requestCoercions);
  const inBody = objectOf(request.body);
  if (inQuery === null) return inBody;
  if (!mayBeInQuery) {
    for (const name of Object.keys(inQuery)) {
      if (requestCoercions[name] !== undefined) continue;
      throw new HttpProblem(
        'unknown-field',
        `The field ${name} belongs in the body, not in the query.`,
        {
          fields: [{ field: name, message: 'Belongs in the body, not in the query.' }],
        },
      );
    }
  }
  return { ...inQuery, ...inBody };
}

function bytesOf(request: Asked): Uint8Array {
  const { body } = request;
  const type = request.headers['content-type'];
  if (body instanceof Uint8Array) return body;
  if (body === undefined && (type === undefined || type === bytesType)) return new Uint8Array(0);
  throw new HttpProblem('unsupported-media-type', `The body must be ${bytesType}.`, {
    accepts: bytesType,
  });
}

function setOffset(raw: Record<string, unknown>, request: Asked, bytes: number): void {
  const offset = patchOffset(request.method, request.headers, bytes);
  if (offset === null) return;
  if (raw.offset !== undefined)
    throw new HttpProblem(
      'invalid-header',
      'Content-Range already says where to write; remove the parameter `offset`.',
    );
  raw.offset = offset;
}

const none: WaitArgs = {};

/**
 * Separates the arguments of the request from those of the operation. If both define a field, it
 * belongs to the request.
 */
function splitArgs(
  { requestNames }: CommandParser,
  raw: Record<string, unknown>,
): { common: WaitArgs; rest: Record<string, unknown> } {
  let any = false;
  for (const name of requestNames) any ||= raw[name] !== undefined;
  if (!any) return { common: none, rest: raw };
  const common: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  // A plain loop, because this runs for every request that names its owner.
  for (const name in raw) {
    if (requestNames.includes(name)) common[name] = raw[name];
    else rest[name] = raw[name];
  }
  return { common: parse(waitArgs, common), rest };
}

function ownerHeader(request: Asked): string | undefined {
  const header = request.headers['pinhole-owner'];
  return header === undefined ? undefined : parse(zOwner, header);
}
