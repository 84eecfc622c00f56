// The registries, and the rows of this floor, as routes.
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { operations } from '../kernel/ops/index.ts';
import { views } from '../kernel/views/index.ts';
import type { AppContext } from './app-context.ts';
import { isNotModified } from './conditional.ts';
import { asyncApi } from './openapi/asyncapi.ts';
import { openApi } from './openapi/document.ts';
import { serverRoute } from './routes/define.ts';
import { serverRoutes } from './routes/index.ts';
import { operationRoute } from './routes/operation.ts';
import { operationContentRoute } from './routes/operation-content.ts';
import { traceRoute } from './routes/trace.ts';
import { viewRoute } from './routes/view.ts';
import { type JsonSchema, serializerOf } from './schema.ts';

export function registerRoutes(app: FastifyInstance, context: AppContext): void {
  const viewSerializers = new Map(
    [...views].map(([name, view]) => [name, serializerOf(view.result, context.checkReplies)]),
  );
  const operationToJson = viewSerializers.get('operation');
  if (operationToJson === undefined) throw new Error('the registry of views has no operation');
  for (const route of serverRoutes) serverRoute(app, context, route);
  for (const [name, view] of views)
    viewRoute(app, context, view, viewSerializers.get(name) ?? operationToJson);
  for (const op of operations.values()) operationRoute(app, context, op, operationToJson);

  traceRoute(app, context);
  operationContentRoute(app, context);
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
