// The checks before the body of a request is read, in this order: unknown URL (404), unknown method
// (405), no permission (401 and 403, in auth.ts), unsupported expectation (417), type or coding of
// the body (415), length of the body (413). A client that waits for `100 Continue` gets it after
// all of them. A 400 for the body is sent only if the resource exists. Otherwise the answer is 404,
// because a 400 would show which resources exist.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import type { MapId, PinId, TaskId } from '../kernel/units.ts';
import type { AppContext } from './app-context.ts';
import { tenantOf } from './auth.ts';
import { etagOfTarget, fileOf, isNotModified } from './conditional.ts';
import { bundleType, jsonType } from './contract.ts';
import { holdBytes } from './held-bytes.ts';
import { HttpProblem, KernelFailure } from './problem.ts';
import type { ProblemType } from './problem-table.ts';
import { onOf, type Params, targetOf } from './target.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** True while the client waits for `100 Continue` and has not sent the body. */
    awaitsContinue: boolean;
  }
}

interface KnownRoute {
  method: string;
  url: string;
  pattern: RegExp;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** All registered routes, including HEAD. Used for the 405, and by tests. */
    knownRoutes: readonly KnownRoute[];
  }
}

/**
 * Call it before auth and the routes are registered, so that an unknown URL gets its 404 without a
 * token.
 */
export function refuseWhatIsNowhere(app: FastifyInstance): void {
  const known: KnownRoute[] = [];
  app.decorate('knownRoutes', known);
  app.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(
      `^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`,
    );
    for (const one of [method].flat()) known.push({ method: one, url, pattern });
  });
  const nowhere = ({ url }: FastifyRequest): HttpProblem => {
    const path = url.split('?', 1)[0] ?? '';
    const methods = known
      .filter(({ pattern }) => path === '*' || pattern.test(path))
      .map(({ method }) => method);
    const allow = [...new Set(methods)].sort();
    if (allow.length === 0)
      return new HttpProblem(
        'no-such-route',
        'The server has no route at this URL; GET /openapi.json lists all routes.',
      );
    const names = allow.join(', ');
    return new HttpProblem(
      'method-not-allowed',
      `This URL accepts the methods ${names}.`,
      { allow },
      { allow: names },
    );
  };
  app.addHook('onRequest', (request, _reply, done) =>
    request.is404 ? done(nowhere(request)) : done(),
  );
  // Fastify requires a handler, but the hook above has already answered.
  app.setNotFoundHandler((request) => {
    throw nowhere(request);
  });
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** The media type without its parameters. */
const essenceOf = (type: string): string => (type.split(';', 1)[0] ?? '').trim().toLowerCase();

/** A bundle, on a route that takes one. */
const isBundle = ({ headers, routeOptions }: FastifyRequest): boolean =>
  routeOptions.config.contract?.orBundle === true &&
  essenceOf(headers['content-type'] ?? '') === bundleType;

/** The longest body of the route; that of a bundle is longer than that of JSON. */
const limitOf = (request: FastifyRequest, { contentBytesMax }: Config): number =>
  isBundle(request) ? contentBytesMax : (request.routeOptions.bodyLimit ?? 0);

/**
 * Bytes to reserve for the body: its Content-Length, or the limit of the route if there is none.
 */
function announced(request: FastifyRequest, config: Config): number {
  const { headers } = request;
  const most = limitOf(request, config);
  return headers['content-length'] === undefined
    ? hasBody(request)
      ? most
      : 0
    : Math.min(Number(headers['content-length']), most);
}

/** Call it after auth and before the routes are registered. */
export function checkBodies(app: FastifyInstance, context: AppContext): void {
  app.decorateRequest('awaitsContinue', false);
  app.decorateRequest('heldBytes', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    const { expect } = request.headers;
    // HTTP/1.0 has no Expect (RFC 9110 §10.1.1).
    if (expect === undefined || request.raw.httpVersion === '1.0') return done();
    if (!expect.split(',').every((one) => one.trim().toLowerCase() === '100-continue')) {
      return done(
        new HttpProblem(
          'expectation-failed',
          'The header Expect supports only 100-continue; send 100-continue or omit the header.',
        ),
      );
    }
    request.awaitsContinue = hasBody(request);
    done();
  });
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const { method } = request;
    if (method === 'GET' || method === 'HEAD') return done();
    const refused = wrongType(request);
    if (refused !== null) return done(refused);
    try {
      holdBytes(context, request, reply, announced(request, context.config));
    } catch (error) {
      return done(error as Error);
    }
    if (request.awaitsContinue) {
      const late = tooLong(request, context.config) ?? missing(request, context);
      if (late !== null) return done(late);
      try {
        checkConditions(request, context);
      } catch (error) {
        return done(error as Error);
      }
      request.awaitsContinue = false;
      reply.raw.writeContinue();
    }
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    // The client may or may not still send the body. The server cannot distinguish that body from a
    // next request, so the connection must close.
    if (request.awaitsContinue) reply.header('connection', 'close');
    done();
  });
}

/**
 * The kernel checks the conditions again when the operation begins. This early check saves the
 * client from sending a useless body.
 */
function checkConditions(request: FastifyRequest, { engine }: AppContext): void {
  const on = onOf(request.params as Partial<Params>);
  if (request.routeOptions.config.contract?.conditions !== 'command' || on === null) return;
  const found = targetOf(engine, request, on);
  if (found.fs !== null) isNotModified(request, etagOfTarget(found.fs, on, found.target));
}

function wrongType(request: FastifyRequest): HttpProblem | null {
  const { headers, routeOptions } = request;
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') {
    const why =
      `The server does not decode Content-Encoding ${coding.slice(0, 64)}; send the body ` +
      'unencoded.';
    return new HttpProblem(
      'unsupported-media-type',
      why,
      { accepts: 'identity' },
      { 'accept-encoding': 'identity' },
    );
  }
  const contract = routeOptions.config.contract;
  const accepts = contract?.body?.type ?? jsonType;
  const type = headers['content-type'];
  if (isBundle(request)) return null;
  const other = () => otherType(contract?.orBundle === true ? [accepts, bundleType] : [accepts]);
  // `curl -T` sends bytes without a type.
  if (type === undefined) return accepts === jsonType && hasBody(request) ? other() : null;
  if (essenceOf(type) !== accepts) return other();
  if (accepts !== jsonType) return null;
  for (const parameter of type.split(';').slice(1)) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter) ?? [];
    if (charset === undefined || /^utf-?8$/i.test(charset)) continue;
    return new HttpProblem(
      'unsupported-media-type',
      'JSON must be encoded in UTF-8 (RFC 8259 §8.1); the Content-Type names another charset.',
      {
        accepts,
      },
    );
  }
  return null;
}

const otherType = (types: readonly string[]): HttpProblem =>
  new HttpProblem(
    'unsupported-media-type',
    `The body must be ${types.join(' or ')}, and the header Content-Type must say so.`,
    { accepts: types.join(', ') },
    { accept: types.join(', ') },
  );

function tooLong(request: FastifyRequest, config: Config): HttpProblem | null {
  const { headers } = request;
  const limit = limitOf(request, config);
  if (Number(headers['content-length'] ?? 0) <= limit) return null;
  return new HttpProblem('too-large', `The body of this request may have at most ${limit} bytes.`, {
    limit,
  });
}

/**
 * The 404 for a resource that does not exist. Null if it exists, or if the request has no caller or
 * has an Idempotency-Key.
 */
function missing(request: FastifyRequest, context: AppContext): Error | null {
  const { caller, params } = request;
  if (caller === null) return null;
  const { tenant, file } = params as Partial<Params> & { tenant?: string };
  if (tenant !== undefined && context.tenants.get(tenant) === undefined)
    return new HttpProblem('no-such-thing', 'There is no such tenant.');
  // If the request has an Idempotency-Key, its stored answer is sent even if the resource was
  // removed since.
  const on = onOf(params as Partial<Params>);
  if (on === null || tenant !== undefined || request.headers['idempotency-key'] !== undefined)
    return null;
  tenantOf(request);
  const found = targetOf(context.engine, request, on);
  if (found.fs === null) return new KernelFailure(found.failure);
  const { fs, target } = found;
  const { mappings, pins, tasks, ended } = fs.kernel;
  const there =
    (on !== 'file' || fileOf(fs, file) !== null) &&
    (on !== 'mapping' || mappings.has(target.mapping as MapId)) &&
    (on !== 'pin' || pins.has(target.pin as PinId)) &&
    (on !== 'operation' ||
      tasks.has(target.operation as TaskId) ||
      ended.has(target.operation as TaskId));
  if (there) return null;
  return new KernelFailure({ errno: 'ENOENT', rule: 'T1', why: `there is no such ${on}` });
}

const ofBody: ReadonlySet<ProblemType> = new Set<ProblemType>([
  'unknown-field',
  'invalid-value',
  'invalid-body',
  'invalid-header',
  'unsupported-media-type',
  'too-large',
]);

/** If the resource does not exist, the 404 replaces a problem with the body or the query. */
export function orMissing(error: unknown, reply: FastifyReply, context: AppContext): unknown {
  const { statusCode } = error as { statusCode?: number };
  const isFault =
    error instanceof HttpProblem
      ? ofBody.has(error.type)
      : statusCode === 400 || statusCode === 413 || statusCode === 415;
  if (!isFault || reply.request.is404) return error;
  try {
    return missing(reply.request, context) ?? error;
  } catch {
    return error;
  }
}
