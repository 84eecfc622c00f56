// The subscription that the URL of a stream describes.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { zCount } from '../../kernel/units.ts';
import { preferredType } from '../accept.ts';
import { HttpProblem } from '../problem.ts';
import { coerce, coercionsOf, parse } from '../schema.ts';
import { cursorForm } from './cursor.ts';
import { zFilter } from './filter.ts';
import { type Subscribe, zFrom } from './messages.ts';

export type Transport = 'websocket' | 'sse' | 'ndjson';

/** The id of that subscription. */
const queryId = 'query';

export const zStreamQuery = z.strictObject({
  from: zFrom.optional(),
  types: z
    .string()
    .optional()
    .describe(
      'Comma-separated event types, or families of them: `pinhole.page.*,pinhole.task.blocked`.',
    ),
  file: z
    .string()
    .optional()
    .describe('Only events of the file that had this name when they happened.'),
  ino: zCount.optional().describe('Only events of this inode.'),
  offset: zCount.optional().describe('With length: hides events about other bytes of the file.'),
  length: zCount.optional(),
  ticket: z.string().optional().describe('A ticket instead of a token; see `POST /v1/tickets`.'),
});
const coercions = coercionsOf(zStreamQuery);

/** Null for a WebSocket whose URL has at most a ticket: it will subscribe by message. */
export function subscribeOf(
  request: FastifyRequest,
  transport: Transport,
): Omit<Subscribe, 'type'> | null {
  const query = parse(zStreamQuery, coerce(request.query as Record<string, unknown>, coercions));
  const { types, file, ino, offset, length } = query;
  const says = Object.keys(query).some((name) => name !== 'ticket');
  if (transport === 'websocket' && !says) return null;
  // Lines of JSON are an answer that ends, so without `from` they begin with the oldest event.
  const from =
    lastEventId(request, transport) ?? query.from ?? (transport === 'ndjson' ? 'oldest' : 'now');
  const range = offset === undefined && length === undefined ? {} : { range: { offset, length } };
  const filter = parse(zFilter, {
    ...(types === undefined ? {} : { types: types.split(',') }),
    ...(file === undefined ? {} : { file }),
    ...(ino === undefined ? {} : { ino }),
    ...range,
  });
  return { id: queryId, from, filter };
}

/**
 * The header Last-Event-ID of a browser that reconnects. It takes precedence over `from`, because
 * the browser repeats the first URL unchanged.
 */
function lastEventId({ headers }: FastifyRequest, transport: Transport): string | null {
  const id = headers['last-event-id'];
  if (transport === 'websocket' || id === undefined || id === '') return null;
  if (typeof id !== 'string' || !cursorForm.test(id))
    throw new HttpProblem(
      'invalid-header',
      'Last-Event-ID must be a cursor of the form <epoch>.<seq>.',
    );
  return id;
}

/**
 * In order of preference if the client accepts both: lines of JSON end by themselves, server-sent
 * events do not.
 */
export const streamMediaTypes = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  sse: 'text/event-stream; charset=utf-8',
} as const;
const offers = Object.values(streamMediaTypes);

/** The transport that the client prefers; null if it accepts neither media type. */
export function transportOf({ ws, headers }: FastifyRequest): Transport | null {
  if (ws) return 'websocket';
  const type = preferredType(headers.accept, offers);
  if (type === null) return null;
  return type === streamMediaTypes.sse ? 'sse' : 'ndjson';
}
