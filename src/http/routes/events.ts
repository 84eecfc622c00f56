// The event streams, of one filesystem and of everything that a tenant has, over WebSocket, as
// server-sent events and as lines of JSON. What can be refused is refused over HTTP, before the
// stream begins.
import type { Socket } from 'node:net';
import { fastifyWebsocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EventRing } from '../../engine/event-ring.ts';
import type { AppContext } from '../app-context.ts';
import { mayStayOf, tenantOf } from '../auth.ts';
import { preferenceOf } from '../prefer.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { rawProblem } from '../raw-problem.ts';
import { converse } from '../stream/conversation.ts';
import { oldestCursor, placeOf } from '../stream/cursor.ts';
import { json, lines, serverSent, subprotocols } from '../stream/encoding.ts';
import { ignoreForeignUpgrades } from '../stream/foreign-upgrade.ts';
import { Hub, type StreamCounts } from '../stream/hub.ts';
import type { Subscribe } from '../stream/messages.ts';
import { streamMediaTypes, subscribeOf, type Transport, transportOf } from '../stream/query.ts';
import { closeTimeoutMs, responseWire, webSocketWire } from '../stream/wire.ts';
import { hostedOf } from '../target.ts';

/** What a stream will read, worked out before it begins. */
interface Admitted {
  transport: Transport;
  tenant: string;
  ring: EventRing;
  /** Null on a WebSocket that says later what it wants. */
  subscribe: Omit<Subscribe, 'type'> | null;
  /** How long a poll may wait. */
  waitMs: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    stream: Admitted | null;
  }
}

const isOurs = (name: string): name is keyof typeof subprotocols =>
  Object.hasOwn(subprotocols, name);

/** What ws itself would refuse, in HTML (RFC 6455 §4.2.1). */
function faultOfHandshake({ headers }: FastifyRequest): HttpProblem | null {
  const refuse = (why: string) =>
    new HttpProblem('invalid-header', why, {}, { 'sec-websocket-version': '13' });
  if (!/^[+/0-9a-z]{22}==$/i.test(headers['sec-websocket-key'] ?? ''))
    return refuse(
      'Sec-WebSocket-Key must be 16 bytes in base64; a WebSocket client sends it by itself.',
    );
  if (headers['sec-websocket-version'] !== '13')
    return refuse('Sec-WebSocket-Version must be 13, the only version that this server speaks.');
  const protocols = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
  if (
    protocols?.some((name) => !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name)) ||
    new Set(protocols).size < (protocols?.length ?? 0)
  )
    return refuse('Sec-WebSocket-Protocol must be a list of different names.');
  return null;
}

/** Registers the two routes. Call it before other routes, so that its hooks see them all. */
export async function registerEventStream(
  app: FastifyInstance,
  context: AppContext,
): Promise<StreamCounts> {
  const { engine, config } = context;
  const hub = new Hub({
    clientsMax: config.streamClientsMax,
    clientsPerTenantMax: config.streamClientsPerTenantMax,
    readersMax: config.streamReadersMax,
    subscriptionsMax: config.streamSubscriptionsMax,
    bufferBytesMax: config.streamBufferBytesMax,
    buffersBytesMax: config.streamBuffersBytesMax,
    eventsMax: config.streamFrameEventsMax,
    bytesMax: config.streamFrameBytesMax,
    heartbeatMs: config.streamHeartbeatMs,
    bookmarkMs: config.streamBookmarkMs,
  });
  const origins = new Set(config.allowedOrigins);
  app.decorateRequest('stream', null);
  // By name: the types of ws do not know of closeTimeout yet.
  const options = {
    maxPayload: config.streamMessageBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: closeTimeoutMs,
    handleProtocols: (offered: Set<string>) => [...offered].find(isOurs) ?? false,
  };
  await app.register(fastifyWebsocket, {
    options,
    errorHandler(error, socket, request) {
      // A breach of the protocol: ws has already begun to close with the right code.
      if (socket.readyState !== socket.OPEN) return;
      request.log.error({ err: error }, 'an event stream failed');
      socket.close(1011);
    },
    preClose: () => hub.close(),
  });
  // What faultOfHandshake() does not know of.
  app.websocketServer.on('wsClientError', (error: Error, socket: Socket) =>
    app.connections.end(
      socket,
      rawProblem('invalid-header', `The WebSocket handshake is invalid: ${error.message}.`),
    ),
  );
  ignoreForeignUpgrades(app.server, app.connections);
  // The plugin upgrades on every URL, to close at once where nothing streams.
  const streams = new Set<string>();
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.ws) return done();
    if (!streams.has(request.routeOptions.url ?? ''))
      return done(new HttpProblem('no-such-route', 'There is no WebSocket at this URL.'));
    done(faultOfHandshake(request) ?? undefined);
  });
  // What was refused before the plugin could know that it was an upgrade has no parser any more
  // that would close its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request as { raw: { upgrade?: boolean; socket: Socket } };
    if (raw.upgrade === true && !request.ws) app.connections.end(raw.socket, '');
    done();
  });

  const admit = (
    request: FastifyRequest,
    reply: FastifyReply,
    ringOf: (request: FastifyRequest) => EventRing,
  ): Admitted => {
    const { host, origin } = request.headers;
    if (
      origin !== undefined &&
      origin !== `http://${host}` &&
      origin !== `https://${host}` &&
      !origins.has(origin)
    ) {
      throw new HttpProblem(
        'forbidden-origin',
        'A page may read the stream only if its origin is the same or one of --allowed-origins.',
      );
    }
    const tenant = tenantOf(request);
    const ring = ringOf(request);
    if (ring.unreadable) hostedOf(engine, request).requireRunning();
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
      if (subscribe !== null && placeOf(ring, subscribe.from) === null) {
        throw new HttpProblem(
          'gap',
          'The events after this cursor are no longer available; read on from `oldest`.',
          {
            oldest: oldestCursor(ring),
          },
        );
      }
      // Of what stopped there is nothing to wait for, and nobody shall ask for it at once again.
      if (subscribe !== null && ring.stopped && placeOf(ring, subscribe.from) === ring.nextSeq) {
        throw new HttpProblem(
          'filesystem-stopped',
          'The filesystem has stopped, and there are no more events after this cursor.',
        );
      }
      if (waitMs > 0 && preference.applied !== null)
        reply.header('preference-applied', preference.applied);
    }
    if (hub.closing) throw new HttpProblem('not-ready', 'The server is stopping.');
    const limit = hub.full(tenant);
    if (limit !== null)
      throw new HttpProblem(
        'too-many-streams',
        `At most ${limit} event streams may be open at once; close one first.`,
        {
          limit,
        },
      );
    if (origin !== undefined)
      reply.header('access-control-allow-origin', origin).header('vary', 'origin');
    return { transport, tenant, ring, subscribe, waitMs };
  };

  /** Writes the head of an answer that goes on, and then the stream. */
  const serve = (
    request: FastifyRequest,
    reply: FastifyReply,
    stream: Admitted & { transport: 'sse' | 'ndjson' },
  ): void => {
    const { transport, tenant, ring, subscribe, waitMs } = stream;
    reply
      .header('content-type', streamMediaTypes[transport])
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no');
    const headers = reply.getHeaders() as Record<string, string>;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, headers);
    // Browsers that lost their server shall not all come back at once.
    if (transport === 'sse') raw.write(`retry: ${1000 + Math.floor(Math.random() * 2000)}\n\n`);
    const wire =
      transport === 'sse' ? responseWire(raw, serverSent, ':\n\n') : responseWire(raw, lines, '');
    const client = hub.open(wire, tenant, ring, mayStayOf(request, context));
    if (transport === 'ndjson') client.poll(waitMs);
    if (subscribe !== null) client.subscribe(subscribe);
  };

  const route = (url: string, ringOf: (request: FastifyRequest) => EventRing): void => {
    streams.add(url);
    app.route({
      method: 'GET',
      url,
      exposeHeadRoute: false,
      config: { scope: 'read', ticket: true },
      preHandler(request, reply, done) {
        try {
          if (request.refusal === null) request.stream = admit(request, reply, ringOf);
        } catch (error) {
          const refusal =
            error instanceof KernelFailure
              ? new HttpProblem('enoent', error.message, {
                  errno: 'ENOENT',
                  rule: error.failure.rule,
                })
              : error;
          // Who comes with a ticket is a page, and hears of it on the stream.
          if (!request.ws || request.ticket === null || !(refusal instanceof HttpProblem))
            throw error;
          request.refusal = refusal;
        }
        done();
      },
      handler(request: FastifyRequest, reply: FastifyReply) {
        const { stream } = request;
        if (stream === null || stream.transport === 'websocket')
          throw new Error('a stream that was not admitted');
        serve(request, reply, { ...stream, transport: stream.transport });
      },
      wsHandler(socket, request) {
        const { stream, refusal } = request;
        const encoding = isOurs(socket.protocol) ? subprotocols[socket.protocol] : json;
        if (refusal !== null) {
          hub.refuse(webSocketWire(socket, encoding), refusal);
          return;
        }
        if (stream === null) throw new Error('an upgrade that was not admitted');
        const client = hub.open(
          webSocketWire(socket, encoding),
          stream.tenant,
          stream.ring,
          mayStayOf(request, context),
        );
        converse(socket, client, config.streamMessagesPerSecondMax);
        if (stream.subscribe !== null) client.subscribe(stream.subscribe);
      },
    });
  };
  route('/v1/filesystems/:fs/events', (request) => hostedOf(engine, request).ring);
  route('/v1/events', (request) => engine.tenantRing(tenantOf(request)));
  return hub.counts;
}
