// X-Forwarded-Prefix: the path below which a reverse proxy serves this server, which it removes from
// the URLs of requests. With --trust-proxy the server puts it before the paths that it sends to
// clients: Location, Link, the links of `GET /`, and the paths for Prometheus.
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Begins with a slash and does not end with one; empty without a proxy. */
    prefix: string;
  }
}

/** Segments that are not dots alone, so that the path cannot lead elsewhere. No `//host`. */
const form = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/;
const longest = 256;

/** Malformed values are ignored. */
function prefixOf({ headers }: FastifyRequest): string {
  const given = headers['x-forwarded-prefix'];
  if (typeof given !== 'string' || given.length > longest) return '';
  const prefix = given.replace(/\/$/, '');
  return form.test(prefix) ? prefix : '';
}

/**
 * Call it before the routes are registered, and after idempotency, because stored answers must have
 * no prefix: another request may come past another proxy.
 */
export function servePrefixed(app: FastifyInstance, { trustProxy }: { trustProxy: boolean }): void {
  app.decorateRequest('prefix', '');
  if (!trustProxy) return;
  app.addHook('onRequest', (request, _reply, done) => {
    request.prefix = prefixOf(request);
    done();
  });
  app.addHook('onRoute', (route) => {
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      ({ prefix }, reply, payload, done) => {
        const { location, link } = reply.getHeaders();
        if (prefix !== '' && typeof location === 'string' && location.startsWith('/'))
          reply.header('location', prefix + location);
        if (prefix !== '' && typeof link === 'string')
          reply.header('link', link.replaceAll('</', `<${prefix}/`));
        done(null, payload);
      },
    ];
  });
}
