// What the OpenAPI document says of the routes that are in no registry: streams, metrics and the document itself. A test holds this list
// against the routes that are registered.
import type { ProblemType } from './problem.ts';
import type { JsonSchema } from './schema.ts';

type Problems = (types: Iterable<ProblemType>) => Record<string, JsonSchema>;

const query = (name: string, description: string) => ({ name, in: 'query', description, schema: { type: 'string' } });
const fs = {
  name: 'fs',
  in: 'path',
  required: true,
  description: 'The name of the filesystem.',
  schema: { type: 'string' },
  example: 'scratch',
};
const callers: readonly ProblemType[] = ['unauthorized', 'missing-scope', 'forbidden-origin', 'internal'];

export function otherRoutes(problems: Problems): [url: string, item: JsonSchema][] {
  const stream = (
    operationId: string,
    tag: string,
    summary: string,
    of: JsonSchema[],
    more: readonly ProblemType[],
  ): JsonSchema => ({
    operationId,
    tags: [tag],
    summary,
    description: 'A WebSocket with JSON messages; the query subscribes at once.',
    parameters: [
      ...of,
      query('from', '`now`, `oldest` or a cursor.'),
      query('types', 'Event types, comma-separated.'),
      query('file', 'Only events of this file.'),
    ],
    responses: {
      101: { description: 'The stream.' },
      ...problems([...callers, 'invalid-value', 'unknown-field', 'upgrade-required', 'not-ready', 'too-many-streams', ...more]),
    },
  });
  const text = (operationId: string, summary: string, isPublic: boolean): JsonSchema => ({
    operationId,
    tags: ['server'],
    summary,
    description: 'In the text format of Prometheus.',
    ...(isPublic ? { security: [] } : {}),
    responses: {
      200: { description: 'Metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
      ...problems(isPublic ? ['internal'] : callers),
    },
  });
  const document: JsonSchema = {
    operationId: 'openapi',
    tags: ['server'],
    summary: 'This document',
    description: 'Made from the registries that serve.',
    security: [],
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
      ...problems(['internal']),
    },
  };
  return [
    ['/openapi.json', document],
    ['/metrics', text('metrics', 'Metrics of the server', true)],
    ['/v1/metrics', text('tenant-metrics', 'Metrics of the tenant', false)],
    ['/v1/events', stream('tenant-events', 'server', 'The events of the whole tenant', [], [])],
    ['/v1/filesystems/:fs/events', stream('events', 'filesystem', 'The events of one filesystem', [fs], ['enoent'])],
  ];
}
