// The event streams over WebSocket: of one filesystem, and of everything that a tenant has. What can be refused is refused over HTTP, before
// the upgrade.
import type { Socket } from 'node:net';
import { fastifyWebsocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EventRing } from '../engine/event-ring.ts';
import { tenantOf } from './auth.ts';
import type { Door } from './door.ts';
import { HttpProblem, KernelFailure } from './problem.ts';
import { coerce, coercionsOf, parse } from './schema.ts';
import { zFilter } from './stream/filter.ts';
import { ignoreForeignUpgrades } from './stream/foreign-upgrade.ts';
import { Hub, type StreamCounts } from './stream/hub.ts';
import { type Subscribe, zFrom } from './stream/messages.ts';
import { targetOf } from './target.ts';

/** The subscription that the query makes. */
const queryId = 'query';

const zStreamQuery = z.strictObject({
  from: zFrom.optional(),
  types: z.string().optional().describe('Comma-separated.'),
  file: z.string().optional(),
  offset: z.int().optional().describe('With length, the bytes of the file that matter.'),
  length: z.int().optional(),
});
const coercions = coercionsOf(zStreamQuery);

declare module 'fastify' {
  interface FastifyRequest {
    /** What an upgrade will read, worked out before it. */
    stream: { tenant: string; ring: EventRing; subscribe: Omit<Subscribe, 'type'> | null } | null;
  }
}

/** Any parameter at all subscribes at once. */
function subscribeOf(raw: Record<string, unknown>): Omit<Subscribe, 'type'> | null {
  const query = parse(zStreamQuery, coerce(raw, coercions));
  const { from, types, file, offset, length } = query;
  if (Object.keys(query).length === 0) return null;
  const range = offset === undefined && length === undefined ? {} : { range: { offset, length } };
  const filter = parse(zFilter, {
    ...(types === undefined ? {} : { types: types.split(',') }),
    ...(file === undefined ? {} : { file }),
    ...range,
  });
  return { id: queryId, from: from ?? 'now', filter };
}

/** Registers the two routes. Call it before other routes, so that its hooks see them all. */
export async function registerEventStream(app: FastifyInstance, door: Door): Promise<StreamCounts> {
  const { engine, config, tokens } = door;
  const hub = new Hub({
    clientsMax: config.streamClientsMax,
    clientsPerTenantMax: config.streamClientsPerTenantMax,
    subscriptionsMax: config.streamSubscriptionsMax,
    bufferBytesMax: config.streamBufferBytesMax,
    eventsMax: config.streamFrameEventsMax,
    bytesMax: config.streamFrameBytesMax,
    heartbeatMs: config.streamHeartbeatMs,
    bookmarkMs: config.streamBookmarkMs,
  });
  const origins = new Set(config.allowedOrigins);
  app.decorateRequest('stream', null);
  await app.register(fastifyWebsocket, {
    options: { maxPayload: config.streamMessageBytesMax, perMessageDeflate: false, clientTracking: false },
    errorHandler(error, socket, request) {
      // A breach of the protocol: ws has already begun to close with the right code.
      if (socket.readyState !== socket.OPEN) return;
      request.log.error({ err: error }, 'an event stream failed');
      socket.close(1011);
    },
    preClose: () => hub.close(),
  });
  ignoreForeignUpgrades(app.server);
  // What was refused before the plugin could know that it was an upgrade has no parser any more that would close its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request as { raw: { upgrade?: boolean; socket: Socket } };
    if (raw.upgrade === true && !request.ws) raw.socket.destroySoon();
    done();
  });

  const admit = (request: FastifyRequest, ringOf: (request: FastifyRequest) => EventRing): void => {
    const { host, origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}` && !origins.has(origin)) {
      throw new HttpProblem('forbidden-origin', 'Only pages of the same origin may read the stream; see --allowed-origins.');
    }
    const tenant = tenantOf(request);
    const ring = ringOf(request);
    const subscribe = subscribeOf(request.query as Record<string, unknown>);
    if (!request.ws) {
      const headers = { upgrade: 'websocket', connection: 'upgrade' };
      throw new HttpProblem('upgrade-required', 'The event stream is a WebSocket; ask for an upgrade.', {}, headers);
    }
    if (hub.closing) throw new HttpProblem('not-ready', 'The server is stopping.');
    const limit = hub.full(tenant);
    if (limit !== null) throw new HttpProblem('too-many-streams', `At most ${limit} event streams may be open.`, { limit });
    request.stream = { tenant, ring, subscribe };
  };

  const route = (url: string, ringOf: (request: FastifyRequest) => EventRing): void => {
    app.route({
      method: 'GET',
      url,
      exposeHeadRoute: false,
      config: { scope: 'read' },
      preHandler(request, _reply, done) {
        admit(request, ringOf);
        done();
      },
      // What comes here without an upgrade has had its answer.
      handler: (_request: FastifyRequest, reply: FastifyReply) => reply.callNotFound(),
      wsHandler(socket, request) {
        const { stream } = request;
        if (stream === null) throw new Error('an upgrade that was not admitted');
        const secret = /^bearer +(.*)$/i.exec(request.headers.authorization ?? '')?.[1];
        const mayStay = () => secret === undefined || tokens.check(secret, door.nowMs()) !== null;
        const client = hub.open(socket, stream.tenant, stream.ring, mayStay);
        if (stream.subscribe !== null) client.subscribe(stream.subscribe);
      },
    });
  };
  route('/v1/filesystems/:fs/events', (request) => {
    const found = targetOf(engine, request, 'filesystem');
    if (found.fs === null) throw new KernelFailure(found.failure);
    return found.fs.ring;
  });
  route('/v1/events', (request) => engine.tenantRing(tenantOf(request)));
  return hub.counts;
}
