// With --log-level debug or trace, each request is one line of the log when it has ended. The line
// has the pattern of the route and not the URL, because a query can hold a ticket.
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Adds no hook unless the lines are logged, so that nobody else pays. */
export function logRequests(app: FastifyInstance, { level }: FastifyBaseLogger): void {
  if (level !== 'debug' && level !== 'trace') return;
  app.addHook('onRequest', (request, reply, done) => {
    logAtEnd(request, reply);
    done();
  });
}

/** Call it where Fastify runs no hook. */
export function logAtEnd(request: FastifyRequest, reply: FastifyReply): void {
  let logged = false;
  const end = () => {
    if (!logged) logRequest(request, reply);
    logged = true;
  };
  // A client that hangs up ends its request without a `finish`, as it ends every event stream.
  reply.raw.once('finish', end).once('close', end);
}

function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { method, caller, id } = request;
  const { headersSent, writableFinished } = reply.raw;
  // ws answers a good handshake, not Fastify.
  const isStream = (request.raw as { upgrade?: boolean }).upgrade === true && !headersSent;
  const line = {
    method,
    route: request.routeOptions?.url ?? null,
    status: isStream ? 101 : reply.statusCode,
    ms: Math.round(reply.elapsedTime * 1000) / 1000,
    tenant: caller?.tenant ?? null,
    request: id,
    ...(!isStream && !writableFinished ? { hungUp: true } : {}),
  };
  request.log.debug(line, 'request');
}
