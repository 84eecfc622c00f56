// The registries, and the rows of this floor, as routes.
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { operations } from '../kernel/ops/index.ts';
import { views } from '../kernel/views/index.ts';
import { asyncApi } from './asyncapi.ts';
import { isNotModified } from './conditional.ts';
import type { Door } from './door.ts';
import { openApi } from './openapi.ts';
import { operationContentRoute } from './operation-content-route.ts';
import { operationRoute } from './operation-route.ts';
import { type JsonSchema, serializerOf } from './schema.ts';
import { serverRoute } from './server-route.ts';
import { serverRoutes } from './server-routes.ts';
import { traceRoute } from './trace-route.ts';
import { viewRoute } from './view-route.ts';

export function registerRoutes(app: FastifyInstance, door: Door): void {
  const viewSerializers = new Map(
    [...views].map(([name, view]) => [name, serializerOf(view.result, door.checkReplies)]),
  );
  const operationToJson = viewSerializers.get('operation');
  if (operationToJson === undefined) throw new Error('the registry of views has no operation');
  for (const route of serverRoutes) serverRoute(app, door, route);
  for (const [name, view] of views)
    viewRoute(app, door, view, viewSerializers.get(name) ?? operationToJson);
  for (const op of operations.values()) operationRoute(app, door, op, operationToJson);

  traceRoute(app, door);
  operationContentRoute(app, door);
  document(app, '/openapi.json', openApi);
  document(app, '/asyncapi.json', asyncApi);
}

/** Made when somebody first asks for it. */
function document(app: FastifyInstance, url: string, make: () => JsonSchema): void {
  let text: string | null = null;
  let etag = '';
  app.get(url, { config: { scope: 'public', query: [] } }, (request, reply) => {
    if (text === null) {
      text = JSON.stringify(make());
      etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`;
    }
    reply.header('etag', etag);
    if (isNotModified(request, etag)) return reply.code(304).send();
    return reply.header('content-type', 'application/json; charset=utf-8').send(text);
  });
}
