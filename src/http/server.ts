// The HTTP server, with all limits set. Every error is answered as a problem.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyCorsOptions, fastifyCors } from '@fastify/cors';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import type { Config } from '../config.ts';
import { checkBodies, orMissing, refuseWhatIsNowhere } from './admission.ts';
import type { AppContext } from './app-context.ts';
import { auditChanges } from './audit.ts';
import { registerAuth } from './auth.ts';
import { compressAnswers } from './compression.ts';
import { Connections } from './connections.ts';
import { serveDocs } from './docs.ts';
import { lastAnswerOf } from './drain.ts';
import { servePrefixed } from './forwarded-prefix.ts';
import { registerIdempotency } from './idempotency.ts';
import { registerBodyParsers } from './json-body.ts';
import { servePage } from './page.ts';
import { answerError, HttpProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';
import { logAtEnd, logRequests } from './request-log.ts';
import { registerRoute } from './routes/define.ts';
import { routes } from './routes/index.ts';
import { registerUpgrades } from './stream/upgrade.ts';
import { throttleTenants } from './throttle.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Ends connections on which Fastify cannot reply. */
    connections: Connections;
  }
}

export interface ServerOptions {
  logger: FastifyBaseLogger;
  /** Bound to loopback, so that callers without a token are the default tenant. */
  loopback: boolean;
  /** The folder of the built page. The API works without it. */
  page: string;
  /** The folder of the built docs. The API works without them. */
  docs: string;
  /** Called before the routes are registered, so that its hooks see them all. */
  extend?(app: FastifyInstance): void;
  /** Called after authentication is registered; passes requests on to other nodes. */
  cluster?: ((app: FastifyInstance) => Promise<void>) | null;
}

export async function createServer(
  context: AppContext,
  options: ServerOptions,
): Promise<FastifyInstance> {
  const { config } = context;
  const connections = new Connections(config, options.logger);
  const app = fastify({
    loggerInstance: options.logger,
    // One logger for all requests, because creating a child for each is slow.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    bodyLimit: config.jsonBytesMax,
    serverFactory: (handler) => connections.serverFor(handler),
    routerOptions: { maxParamLength: 255 },
    // While the server stops, requests on open connections are still answered.
    return503OnClosing: false,
    frameworkErrors(error, request, reply) {
      // Fastify runs no hook here. After a request for an upgrade, Node has detached its HTTP
      // parser, so nothing else would close the connection.
      const { raw } = request as { raw: { upgrade?: boolean; socket: Socket } };
      if (raw.upgrade === true) reply.raw.once('finish', () => connections.end(raw.socket, ''));
      logAtEnd(request, reply);
      reply.header('x-request-id', request.id);
      answer(error, request, reply);
    },
    // `localhost` can have two addresses, but Fastify would handle errors only on the first server.
    clientErrorHandler() {},
  });
  app.decorate('connections', connections);
  // Contents of files are bytes of users, which no browser may take for a page or a script.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff').header('x-request-id', request.id);
    done();
  });
  logRequests(app, options.logger);
  if (config.allowedOrigins.length > 0) await app.register(fastifyCors, corsOf(config));
  refuseWhatIsNowhere(app);
  registerBodyParsers(app, config);
  registerAuth(app, {
    tokens: context.tokens,
    tickets: context.tickets,
    nowMs: context.nowMs,
    loopback: options.loopback,
    allowedHosts: [...config.allowedHosts, config.host.toLowerCase()],
    allowedOrigins: config.allowedOrigins,
  });
  await options.cluster?.(app);
  throttleTenants(app, context);
  checkBodies(app, context);
  app.decorateReply('problemType', null);
  registerIdempotency(app, {
    ...config,
    answers: context.answers,
    nowMs: context.nowMs,
    idOf: (tenant) => context.tenants.get(tenant)?.id,
  });
  app.setErrorHandler((error, request, reply) =>
    answer(error, request, reply, orMissing(error, reply, context)),
  );
  auditChanges(app, config);
  servePrefixed(app, config);
  compressAnswers(app);
  options.extend?.(app);
  await registerUpgrades(app, context);
  // Registered after the streams, which end by themselves. Until they have ended, new requests
  // still get the answer that the server is stopping.
  const lastAnswer = lastAnswerOf(app.server);
  app.addHook('preClose', () => lastAnswer(config.drainMs));
  for (const route of routes) registerRoute(app, context, route);
  await app.register(servePage, { folder: options.page });
  await app.register(serveDocs, { folder: options.docs });
  await app.ready();
  return app;
}

/**
 * Registered before authentication, because a preflight has no token. Pages of other origins get no
 * CORS header, so browsers do not let them read answers.
 */
const corsOf = ({ allowedOrigins }: Config): FastifyCorsOptions => ({
  origin: [...allowedOrigins],
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposedHeaders: readable,
  maxAge: 600,
  strictPreflight: false,
});

/** Response headers that scripts of allowed origins may read. */
const readable = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
];

/** Answers with the problem for `error`, or for `instead` if that is set. */
function answer(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  instead: unknown = error,
): void {
  const isTooLarge =
    (error as { code?: string }).code === 'FST_ERR_CTP_BODY_TOO_LARGE' && !request.awaitsContinue;
  if (isTooLarge) readAway(request.raw, () => answerNow(instead, request, reply));
  else answerNow(instead, request, reply);
}

const readAwayBytes = 64 * 1024 * 1024;
const readAwayMs = 2000;

/**
 * Reads and drops the rest of a body within bounds. Many clients read the answer only after they
 * have sent everything; if the connection closes before, they see no answer.
 */
function readAway(body: IncomingMessage, then: () => void): void {
  let left = readAwayBytes;
  const enough = (): void => {
    clearTimeout(timer);
    body.off('data', count).off('close', enough).off('end', enough);
    then();
  };
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left <= 0) enough();
  };
  const timer = setTimeout(enough, readAwayMs);
  if (body.readableEnded || body.destroyed) enough();
  else body.on('data', count).once('close', enough).once('end', enough).resume();
}

function answerNow(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { ours } = answerError(error, reply);
  if (!ours) return;
  const cause = error instanceof HttpProblem ? error.message : error;
  request.log.error(
    { err: cause, request: request.id, method: request.method, route: request.routeOptions?.url },
    'a request failed',
  );
}
