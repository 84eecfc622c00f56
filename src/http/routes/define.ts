// The routes that no registry of the kernel has: filesystems as a whole, tenants, tokens,
// capabilities, problem types. Each is a row with its contract, so that the OpenAPI document is
// made from the same thing that serves.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Scope } from '../../tenants/tokens.ts';
import type { AppContext } from '../app-context.ts';
import { isNotModified } from '../conditional.ts';
import type { ProblemType } from '../problem.ts';
import { coerce, coercionsOf, objectOf, parse, serializerOf } from '../schema.ts';
import { linkNext } from './view.ts';

export interface ServerRoute<Query = unknown, Body = unknown> {
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In Fastify's notation. */
  url: string;
  scope: Scope | 'public';
  tag: string;
  summary: string;
  doc: string;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  result: z.ZodType;
  status: 200 | 201;
  errors: readonly ProblemType[];
  example?: unknown;
  answer(
    context: AppContext,
    call: { request: FastifyRequest; reply: FastifyReply; query: Query; body: Body },
  ): unknown;
}

export function defineRoute<Q, B>(route: ServerRoute<Q, B>): ServerRoute {
  // The table holds routes of every argument type; each gets its own parsed arguments.
  return route as unknown as ServerRoute;
}

/** Of a route that takes no parameters. */
const zNothing = z.strictObject({});

export function serverRoute(app: FastifyInstance, context: AppContext, route: ServerRoute): void {
  const toJson = serializerOf(route.result, context.checkReplies);
  const zQuery = route.query ?? zNothing;
  const coercions = coercionsOf(zQuery);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const query = parse(zQuery, coerce(request.query as Record<string, unknown>, coercions));
    const body = route.body === undefined ? undefined : parse(route.body, objectOf(request.body));
    // None of them has an ETag.
    if (isNotModified(request, null)) return reply.code(304).send();
    const result = await route.answer(context, { request, reply, query, body });
    const { nextPageToken } = result as { nextPageToken?: string };
    if (nextPageToken !== undefined) reply.header('link', linkNext(request, nextPageToken));
    return reply
      .code(route.status)
      .header('content-type', 'application/json; charset=utf-8')
      .send(toJson(reply, result));
  };
  const { method, url } = route;
  const { jsonBytesMax } = context.config;
  app.route({
    method,
    url,
    exposeHeadRoute: method === 'GET',
    bodyLimit: jsonBytesMax,
    config: { scope: route.scope },
    handler,
  });
}
