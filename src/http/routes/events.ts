// The event streams of one filesystem and of all filesystems of a tenant, over WebSocket, as
// server-sent events and as lines of JSON. Refusals are sent as HTTP problems before the stream
// begins, where that is possible.
import type { WebSocket } from '@fastify/websocket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventRing } from '../../engine/event-ring.ts';
import type { AppContext } from '../app-context.ts';
import { mayStayOf, tenantOf } from '../auth.ts';
import type { Contract } from '../contract.ts';
import { preferenceOf } from '../prefer.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { converse } from '../stream/conversation.ts';
import { oldestCursor, placeOf } from '../stream/cursor.ts';
import { json, lines, serverSent, subprotocols } from '../stream/encoding.ts';
import type { Subscribe } from '../stream/messages.ts';
import {
  streamMediaTypes,
  subscribeOf,
  type Transport,
  transportOf,
  zStreamQuery,
} from '../stream/query.ts';
import { isOurs } from '../stream/upgrade.ts';
import { responseWire, webSocketWire } from '../stream/wire.ts';
import { hostedOf } from '../target.ts';
import { contractOf, type Handling, type Route } from './define.ts';

/** What a stream will read; decided before the stream begins. */
interface Admitted {
  transport: Transport;
  tenant: string;
  ring: EventRing;
  /** Null for a WebSocket that will subscribe by message. */
  subscribe: Omit<Subscribe, 'type'> | null;
  /** How long a poll may wait, in milliseconds. */
  waitMs: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    stream: Admitted | null;
  }
}

type RingOf = (context: AppContext, request: FastifyRequest) => EventRing;

function checkOrigin({ headers: { host, origin } }: FastifyRequest, { config }: AppContext): void {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return;
  if (config.allowedOrigins.includes(origin)) return;
  throw new HttpProblem(
    'forbidden-origin',
    'A page may read the stream only if its origin is the same or one of --allowed-origins.',
  );
}

/**
 * Lines of JSON are a normal answer that ends, so an invalid cursor is an HTTP problem and not a
 * message.
 */
function checkPoll(ring: EventRing, from: string): void {
  const place = placeOf(ring, from);
  if (place === null) {
    throw new HttpProblem(
      'gap',
      'The events after this cursor are no longer available; continue reading from `oldest`.',
      {
        oldest: oldestCursor(ring),
      },
    );
  }
  // A stopped filesystem has no more events. Without an error its readers would ask again at once.
  if (ring.stopped && place === ring.nextSeq) {
    throw new HttpProblem(
      'filesystem-stopped',
      'The filesystem has stopped, and there are no more events after this cursor.',
    );
  }
}

function admit(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  ringOf: RingOf,
): Admitted {
  const { config, streams } = context;
  checkOrigin(request, context);
  const tenant = tenantOf(request);
  const ring = ringOf(context, request);
  if (ring.unreadable) hostedOf(context.engine, request).requireRunning();
  const transport = transportOf(request);
  const subscribe = subscribeOf(request, transport ?? 'websocket');
  if (transport === null) {
    const headers = { upgrade: 'websocket', connection: 'upgrade' };
    const detail =
      'Ask for an upgrade to a WebSocket, or send Accept: text/event-stream or ' +
      'application/x-ndjson.';
    throw new HttpProblem('upgrade-required', detail, {}, headers);
  }
  let waitMs = 0;
  if (transport === 'ndjson') {
    const preference = preferenceOf(request.headers.prefer, { ...config, waitDefaultMs: 0 });
    waitMs = preference.waitMs;
    if (subscribe !== null) checkPoll(ring, subscribe.from);
    if (waitMs > 0 && preference.applied !== null)
      reply.header('preference-applied', preference.applied);
  }
  if (streams.closing) throw new HttpProblem('not-ready', 'The server is stopping.');
  const limit = streams.full(tenant);
  if (limit !== null) {
    const detail = `At most ${limit} event streams may be open at once; close one first.`;
    throw new HttpProblem('too-many-streams', detail, { limit });
  }
  const { origin } = request.headers;
  if (origin !== undefined)
    reply.header('access-control-allow-origin', origin).header('vary', 'origin');
  return { transport, tenant, ring, subscribe, waitMs };
}

/** Writes the head of the response, and then the stream as its body. */
function serveResponse(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { transport, tenant, ring, subscribe, waitMs }: Admitted & { transport: 'sse' | 'ndjson' },
): void {
  const { streams } = context;
  reply
    .header('content-type', streamMediaTypes[transport])
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no');
  const headers = reply.getHeaders() as Record<string, string>;
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, headers);
  // A random delay, so that browsers do not all reconnect at the same moment after a restart.
  if (transport === 'sse') raw.write(`retry: ${1000 + Math.floor(Math.random() * 2000)}\n\n`);
  const wire =
    transport === 'sse' ? responseWire(raw, serverSent, ':\n\n') : responseWire(raw, lines, '');
  const client = streams.open(wire, tenant, ring, mayStayOf(request, context));
  if (transport === 'ndjson') client.poll(waitMs);
  if (subscribe !== null) client.subscribe(subscribe);
}

function serveWebSocket(context: AppContext, socket: WebSocket, request: FastifyRequest): void {
  const { streams, config } = context;
  const { stream, refusal } = request;
  const encoding = isOurs(socket.protocol) ? subprotocols[socket.protocol] : json;
  const wire = webSocketWire(socket, encoding);
  if (refusal !== null) {
    streams.refuse(wire, refusal);
    return;
  }
  if (stream === null) throw new Error('an upgrade that was not admitted');
  const client = streams.open(wire, stream.tenant, stream.ring, mayStayOf(request, context));
  converse(socket, client, config.streamMessagesPerSecondMax);
  if (stream.subscribe !== null) client.subscribe(stream.subscribe);
}

/** A page with a ticket cannot see why an upgrade failed, so the stream reports it. */
function refusalOf(error: unknown, request: FastifyRequest): HttpProblem | null {
  if (!request.ws || request.ticket === null) return null;
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof KernelFailure)) return null;
  const { rule } = error.failure;
  return new HttpProblem('enoent', error.message, { errno: 'ENOENT', rule });
}

function handlingOf(context: AppContext, ringOf: RingOf): Handling {
  return {
    preHandler(request, reply, done) {
      try {
        if (request.refusal === null) request.stream = admit(context, request, reply, ringOf);
      } catch (error) {
        request.refusal = refusalOf(error, request);
        if (request.refusal === null) throw error;
      }
      done();
    },
    handler(request, reply) {
      const { stream } = request;
      if (stream === null || stream.transport === 'websocket')
        throw new Error('a stream that was not admitted');
      serveResponse(context, request, reply, { ...stream, transport: stream.transport });
    },
    webSocket: (socket, request) => serveWebSocket(context, socket, request),
  };
}

function eventRoute(
  given: Pick<Contract, 'name' | 'url' | 'tag' | 'summary'>,
  ringOf: RingOf,
): Route {
  const contract = contractOf({
    ...given,
    scope: 'read',
    doc:
      'A WebSocket with JSON messages, server-sent events, or lines of JSON. /asyncapi.json ' +
      'describes the messages. Query parameters subscribe at once.',
    query: zStreamQuery,
    headers: {
      'Last-Event-ID':
        'The cursor after which server-sent events or lines continue. It takes precedence ' +
        'over `from`.',
      Prefer:
        '`wait=seconds`: how long lines of JSON wait for the first event that passes the ' +
        'filter.',
    },
    answers: [
      { status: 101, doc: 'The stream, over a WebSocket.' },
      {
        status: 200,
        doc:
          'The stream. Server-sent events do not end. Lines of JSON contain the events so far, ' +
          'or the next ones, and end with a bookmark.',
        headers: { 'Preference-Applied': 'The wait that the server applied.' },
        content: { 'text/event-stream': 'text', 'application/x-ndjson': 'text' },
      },
    ],
    problems: ['invalid-header', 'upgrade-required', 'gap', 'not-ready', 'too-many-streams'],
    head: 'none',
    ticket: true,
    webSocket: true,
  });
  return { contracts: [contract], handle: (context) => handlingOf(context, ringOf) };
}

export const eventRoutes: readonly Route[] = [
  eventRoute(
    {
      name: 'events',
      url: '/v1/filesystems/:fs/events',
      tag: 'filesystem',
      summary: 'The events of one filesystem',
    },
    ({ engine }, request) => hostedOf(engine, request).ring,
  ),
  eventRoute(
    {
      name: 'tenant-events',
      url: '/v1/events',
      tag: 'server',
      summary: 'The events of all filesystems of the tenant',
    },
    ({ engine }, request) => engine.tenantRing(tenantOf(request)),
  ),
];
