// Who is calling. Only the bearer token or a ticket decides the tenant. A route without a contract
// cannot be registered, because the contract says which scope the route needs.
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { defaultTenant } from '../tenants/tenants.ts';
import type { Tokens } from '../tenants/tokens.ts';
import type { Caller } from './caller.ts';
import { HttpProblem } from './problem.ts';
import type { Ticket, Tickets } from './tickets.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route runs. Null on public routes only. */
    caller: Caller | null;
    /** The ticket that this request has used up. */
    ticket: Ticket | null;
    /**
     * Why the ticket was refused. A page cannot see why an upgrade failed, so the stream itself
     * reports it.
     */
    refusal: HttpProblem | null;
  }
}

export interface AuthOptions {
  tokens: Tokens;
  tickets: Tickets;
  nowMs(): number;
  /** Bound to loopback: callers without a token are the default tenant. */
  loopback: boolean;
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Without a token only callers on loopback are served, as the default tenant. */
export const tokenNeeded = ({ host }: { host: string }): boolean => !isLoopback(host);
export const tokenNeededDoc =
  'Whether the API needs a token. If not, callers without one are the tenant `default`.';

export function registerAuth(app: FastifyInstance, options: AuthOptions): void {
  const { tokens, loopback } = options;
  const hosts = new Set([...loopbackNames, ...options.allowedHosts]);
  const origins = new Set(options.allowedOrigins);
  const strangerOf = strangerCheck(hosts, origins);
  const anonymous: Caller = {
    tenant: defaultTenant,
    scopes: tokens.hasOperator ? ['read', 'write'] : ['read', 'write', 'operator'],
  };

  app.decorateRequest('caller', null);
  app.decorateRequest('ticket', null);
  app.decorateRequest('refusal', null);
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.config?.contract === undefined)
      throw new Error(`${String(route.method)} ${route.url} has no contract`);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { contract } = request.routeOptions.config;
    // Fastify's own 404 has no contract.
    if (contract === undefined || contract.scope === 'public') return done();
    const { scope, ticket } = contract;
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const secret = /^bearer +([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1];
      const token = secret === undefined ? null : tokens.check(secret, options.nowMs());
      if (token === null)
        return done(
          new HttpProblem(
            'unauthorized',
            'The bearer token is unknown, expired or revoked, or Authorization is malformed.',
          ),
        );
      request.caller = token;
    } else if (ticket === true && ticketIn(request) !== null) {
      const refused = redeem(request, options);
      if (refused === null) return done();
      if (!isUpgrade(request)) return done(refused);
      request.refusal = refused;
      return done();
    } else if (loopback) {
      const stranger = strangerOf(request);
      if (stranger !== null) return done(new HttpProblem('forbidden-origin', stranger));
      request.caller = anonymous;
    } else
      return done(
        new HttpProblem(
          'unauthorized',
          'This route needs a token in the header `Authorization: Bearer …`.',
        ),
      );
    if (scope !== 'any' && !request.caller.scopes.includes(scope)) {
      return done(
        new HttpProblem(
          'missing-scope',
          `This route needs the scope ${scope}, which the token does not have.`,
          {
            errno: 'EACCES',
            scope,
          },
        ),
      );
    }
    done();
  });
}

/** `request.ws` is not set yet, because the WebSocket plugin runs later. */
const isUpgrade = ({ raw }: FastifyRequest): boolean =>
  (raw as { upgrade?: boolean }).upgrade === true;

function ticketIn(request: FastifyRequest): string | null {
  const { ticket } = request.query as { ticket?: unknown };
  return typeof ticket === 'string' ? ticket : null;
}

/** Redeems the ticket and sets the caller from it. Returns the problem, or null. */
function redeem(request: FastifyRequest, { tickets, nowMs }: AuthOptions): HttpProblem | null {
  const path = request.url.split('?', 1)[0] ?? '';
  const found = tickets.redeem(ticketIn(request) ?? '', path, request.headers.origin, nowMs());
  if (found.ok) {
    request.ticket = found.ticket;
    request.caller = found.ticket.caller;
    return null;
  }
  if (found.why === 'unauthorized')
    return new HttpProblem(
      'unauthorized',
      'The ticket is unknown, expired or already used; get a new one with POST /v1/tickets.',
    );
  return new HttpProblem(
    'forbidden-origin',
    'The ticket was issued for another stream, or to a page of another origin.',
  );
}

/** A function that says whether the token or ticket of the caller is still valid. */
export function mayStayOf(
  request: FastifyRequest,
  { tokens, nowMs }: Pick<AuthOptions, 'tokens' | 'nowMs'>,
): () => boolean {
  if (request.ticket !== null) return request.ticket.mayStay;
  const secret = /^bearer +(.*)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (secret === undefined) return () => true;
  const token = tokens.check(secret, nowMs());
  return () => token !== null && tokens.isGood(token, nowMs());
}

/** Why a caller without a token is refused, or null. */
type StrangerCheck = (request: FastifyRequest) => string | null;

/**
 * A web page must not use a server on loopback through the browser of its user (DNS rebinding,
 * cross-site requests). A GET by an image, a script or a link has no Origin, and GETs here fault
 * pages in and wait for locks, so Sec-Fetch-Site decides: `none` is a URL that the user typed.
 * `same-site` is refused, because it includes other ports of localhost. Programs other than
 * browsers do not send the header.
 */
function strangerCheck(hosts: ReadonlySet<string>, origins: ReadonlySet<string>): StrangerCheck {
  // A cache, because nearly every request names the same host as the one before.
  let lastGood: string | undefined;
  return ({ headers: { host, origin, 'sec-fetch-site': site } }) => {
    if (host === undefined || host !== lastGood) {
      const name = (host ?? '').replace(/:\d*$/, '').toLowerCase();
      if (!hosts.has(name))
        return 'Without a token, Host must be a loopback name or one of --allowed-hosts.';
      lastGood = host;
    }
    if (origin !== undefined && (origins.has(origin) || origin === `http://${host}`)) return null;
    if (origin === undefined && (site === undefined || site === 'same-origin' || site === 'none'))
      return null;
    return (
      'Without a token, web pages may call only if their origin is the same or one of ' +
      '--allowed-origins.'
    );
  };
}

/** The tenant of the caller. Throws if the caller is the operator, who has no filesystems. */
export function tenantOf(request: FastifyRequest): string {
  const tenant = request.caller?.tenant;
  if (tenant === undefined || tenant === null) {
    throw new HttpProblem(
      'missing-scope',
      'This route needs a token of a tenant; the operator token has no filesystems.',
      { errno: 'EACCES' },
    );
  }
  return tenant;
}
