// A route: its contract, and the function that answers it.
import type { WebsocketHandler } from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AppContext } from '../app-context.ts';
import { isNotModified } from '../conditional.ts';
import { type Answer, bytesType, type Contract, jsonType, noQuery } from '../contract.ts';
import { coerce, coercionsOf, objectOf, parse, serializerOf } from '../schema.ts';

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** The functions that handle the requests of a route. Created once. */
export interface Handling {
  handler: Handler;
  /** Runs before the handler, and before an upgrade to a WebSocket. */
  preHandler?: (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ) => void;
  webSocket?: WebsocketHandler;
}

export interface Route {
  /** More than one if several methods share the handler. */
  contracts: readonly [Contract, ...Contract[]];
  handle(context: AppContext): Handling;
}

type Given = Pick<Contract, 'name' | 'url' | 'scope' | 'tag' | 'summary' | 'doc' | 'answers'>;
type Optional = Partial<Omit<Contract, keyof Given>>;

/**
 * Completes a contract. The defaults are those of most routes: a GET without parameters and body.
 */
export function contractOf(given: Given & Optional): Contract {
  const method = given.method ?? 'GET';
  return {
    query: noQuery,
    body: null,
    problems: [],
    head: method === 'GET' ? 'derived' : 'none',
    ...given,
    method,
  };
}

/**
 * Returns a function that parses the query of a request, or throws a problem that names the wrong
 * parameters.
 */
export function queryParserOf<Q extends z.ZodType>(
  query: Q,
): (request: FastifyRequest) => z.infer<Q> {
  const coercions = coercionsOf(query);
  return (request) =>
    parse<z.infer<Q>>(
      query as z.ZodType<z.infer<Q>>,
      coerce(request.query as Record<string, unknown>, coercions),
    );
}

/** What an answer says about its next page. */
export interface Next {
  nextPageToken?: string;
  /** A map is paged by bytes of the device, and its length counts down. */
  nextOffset?: number;
}

/** The Link to the next page of a list (RFC 8288); null if there is none. */
export function linkNext(
  request: FastifyRequest,
  { nextPageToken, nextOffset }: Next,
): string | null {
  const query = new URLSearchParams(request.query as Record<string, string>);
  if (nextPageToken !== undefined) query.set('pageToken', nextPageToken);
  else if (nextOffset !== undefined) {
    const [offset, length] = [Number(query.get('offset') ?? 0), query.get('length')];
    query.set('offset', String(nextOffset));
    if (length !== null) query.set('length', String(Number(length) - (nextOffset - offset)));
  } else return null;
  const path = request.url.split('?', 1)[0];
  return `<${path}?${query}>; rel="next"`;
}

interface JsonRoute<Q extends z.ZodType, B extends z.ZodType>
  extends Omit<Given & Optional, 'answers' | 'query' | 'body'> {
  query?: Q;
  body?: B;
  /** For a body of several forms: the form that this one is meant to have. */
  formOf?(body: Record<string, unknown>): z.ZodType<z.infer<B>>;
  result: z.ZodType;
  status?: 200 | 201;
  answer(
    context: AppContext,
    call: { request: FastifyRequest; reply: FastifyReply; query: z.infer<Q>; body: z.infer<B> },
  ): unknown;
}

/** Defines a route that accepts JSON or no body, and answers with JSON without an ETag. */
export function defineRoute<
  Q extends z.ZodType = typeof noQuery,
  B extends z.ZodType = z.ZodUndefined,
>({ query, body, formOf, result, status = 200, answer, ...given }: JsonRoute<Q, B>): Route {
  const contract = contractOf({
    ...given,
    query: query ?? noQuery,
    body: body === undefined ? null : { type: jsonType, schema: body },
    answers: [done(status, result)],
    conditions: 'answer',
  });
  return {
    contracts: [contract],
    handle(context) {
      const toJson = serializerOf(result, context);
      const queryOf = queryParserOf(contract.query);
      const bodyOf = (request: FastifyRequest): unknown => {
        if (body === undefined || request.body instanceof Uint8Array) return undefined;
        const given = objectOf(request.body);
        return parse(formOf?.(given) ?? body, given);
      };
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        const call = {
          request,
          reply,
          query: queryOf(request) as z.infer<Q>,
          body: bodyOf(request) as z.infer<B>,
        };
        if (isNotModified(request, null)) return reply.code(304).send();
        const answered = await answer(context, call);
        const next = linkNext(request, answered as Next);
        if (next !== null) reply.header('link', next);
        return reply
          .code(status)
          .header('content-type', `${jsonType}; charset=utf-8`)
          .send(toJson(reply, answered));
      };
      return { handler };
    },
  };
}

function done(status: 200 | 201, result: z.ZodType): Answer {
  const content = { [jsonType]: result };
  if (status === 200) return { status, doc: 'Done.', content };
  return {
    status,
    doc: 'Created.',
    content,
    headers: { Location: 'The URL of the created resource.' },
  };
}

/** Registers a route with Fastify, once for each of its contracts. */
export function registerRoute(app: FastifyInstance, context: AppContext, route: Route): void {
  const { config } = context;
  const { handler, preHandler, webSocket } = route.handle(context);
  for (const contract of route.contracts) {
    const { method, url, head, body, orBundle } = contract;

    app.route({
      method: head === 'handled' ? [method, 'HEAD'] : method,
      url,
      exposeHeadRoute: head === 'derived',
      // A route that also takes a bundle has the limit of the parser of its content type.
      ...(orBundle === true
        ? {}
        : { bodyLimit: body?.type === bytesType ? config.contentBytesMax : config.jsonBytesMax }),
      config: { contract },
      handler,
      ...(preHandler === undefined ? {} : { preHandler }),
      ...(webSocket === undefined ? {} : { wsHandler: webSocket }),
    });
  }
}
