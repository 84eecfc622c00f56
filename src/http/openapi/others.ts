// What the OpenAPI document says of the routes that are in no registry: streams, metrics and the
// document itself. A test holds this list against the routes that are registered.
import type { z } from 'zod';
import type { ProblemType } from '../problem.ts';
import { traceTypes, zTraceQuery } from '../routes/trace.ts';
import { type JsonSchema, jsonSchemaOf } from '../schema.ts';
import { zStreamQuery } from '../stream/query.ts';

type Problems = (types: Iterable<ProblemType>) => Record<string, JsonSchema>;

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
});
const fs = {
  name: 'fs',
  in: 'path',
  required: true,
  description: 'The name of the filesystem.',
  schema: { type: 'string' },
  example: 'scratch',
};
const callers: readonly ProblemType[] = [
  'unauthorized',
  'missing-scope',
  'forbidden-origin',
  'internal',
];

function parametersOf(query: z.ZodType): JsonSchema[] {
  const properties = (jsonSchemaOf(query, 'input').properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

/** The object form of Chrome's trace format. */
const perfettoFile: JsonSchema = {
  type: 'object',
  properties: {
    traceEvents: {
      type: 'array',
      items: { type: 'object', properties: { ph: { type: 'string' } }, required: ['ph'] },
    },
    displayTimeUnit: { type: 'string', enum: ['ms'] },
  },
  required: ['traceEvents', 'displayTimeUnit'],
};

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
    description:
      'A WebSocket with JSON messages, server-sent events, or lines of JSON; /asyncapi.json says what they are. The query subscribes at once.',
    parameters: [
      ...of,
      ...parametersOf(zStreamQuery),
      header(
        'Last-Event-ID',
        'The cursor from which server-sent events, or lines, go on; it comes before `from`.',
      ),
      header('Prefer', '`wait=seconds`: how long lines of JSON wait for the first event to show.'),
    ],
    responses: {
      101: { description: 'The stream, over a WebSocket.' },
      200: {
        description:
          'The stream: without an end as server-sent events; as lines what is there, or the next that comes, and a bookmark.',
        headers: {
          'Preference-Applied': {
            description: 'The wait that was followed.',
            schema: { type: 'string' },
          },
        },
        content: Object.fromEntries(
          ['text/event-stream', 'application/x-ndjson'].map((type) => [
            type,
            { schema: { type: 'string' } },
          ]),
        ),
      },
      ...problems([
        ...callers,
        'invalid-value',
        'unknown-field',
        'invalid-header',
        'upgrade-required',
        'gap',
        'not-ready',
        'too-many-streams',
        ...more,
      ]),
    },
  });
  const text = (
    operationId: string,
    summary: string,
    isPublic: boolean,
    more: readonly ProblemType[] = [],
  ): JsonSchema => ({
    operationId,
    tags: ['server'],
    summary,
    description:
      'In the text format of Prometheus, or as OpenMetrics with exemplars, where Accept names that.',
    ...(isPublic ? { security: [] } : {}),
    responses: {
      200: {
        description: 'Metrics.',
        content: Object.fromEntries(
          ['text/plain', 'application/openmetrics-text'].map((type) => [
            type,
            { schema: { type: 'string' } },
          ]),
        ),
      },
      ...problems(
        isPublic ? ['unknown-field', 'internal'] : [...callers, 'unknown-field', ...more],
      ),
    },
  });
  const targets: JsonSchema = {
    operationId: 'metrics-targets',
    tags: ['server'],
    summary: 'Where to scrape',
    description:
      'HTTP service discovery of Prometheus. The operator is sent to /metrics, a tenant to its own /v1/metrics, at the address that was asked.',
    parameters: [
      {
        name: 'filesystems',
        in: 'query',
        description:
          'A target for filesystems as well, with the name as a label: of the tenant, or for the operator of all tenants, with the tenant as another. At most as many as --metrics-targets-max says: first those where somebody waits, blocks are busy or detached, or that stopped; then the oldest.',
        schema: { type: 'string', enum: ['true', ''] },
      },
    ],
    responses: {
      200: {
        description: 'The server or the tenant, then the filesystems.',
        content: {
          'application/json': {
            schema: {
              type: 'array',
              items: {
                type: 'object',
                properties: {
                  targets: { type: 'array', items: { type: 'string' } },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                },
                required: ['targets', 'labels'],
              },
            },
            example: [
              {
                targets: ['127.0.0.1:8080'],
                labels: { __metrics_path__: '/metrics', service: 'pinhole' },
              },
            ],
          },
        },
      },
      ...problems([...callers, 'unknown-field']),
    },
  };
  const trace: JsonSchema = {
    operationId: 'trace',
    tags: ['filesystem'],
    summary: 'A span of events for other tools',
    description:
      'A trace that Perfetto opens, or the text of ftrace with the names and fields of the tracepoints of Linux.',
    parameters: [fs, ...parametersOf(zTraceQuery)],
    responses: {
      200: {
        description: 'The file.',
        content: {
          [traceTypes.perfetto]: { schema: perfettoFile },
          [traceTypes.ftrace]: { schema: { type: 'string' } },
        },
      },
      ...problems([...callers, 'invalid-value', 'unknown-field', 'enoent', 'gap']),
    },
  };
  const content: JsonSchema = {
    operationId: 'operation-content',
    tags: ['operation'],
    summary: 'The bytes of a read that was answered 202',
    description:
      'What the answer to the read would have been when it ended; the record of the operation leads here with `result.content.href`. Bytes of ended reads are kept up to `readBytesKeptMax` a filesystem, the newest, as long as the record of their operation.',
    parameters: [
      fs,
      { ...fs, name: 'operation', description: 'The id of the operation.', example: 'op_6' },
      header('Range', '`bytes=first-last`.'),
      header('If-Range', 'The ETag for which Range holds.'),
      header('If-Match', '412 where the ETag is another one.'),
      header('If-None-Match', '304 where the ETag is this one.'),
      header('Prefer', '`wait=seconds` for the end of the operation.'),
    ],
    responses: {
      200: {
        description: 'The bytes.',
        headers: { ETag: { description: 'Strong.', schema: { type: 'string' } } },
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
      206: {
        description: 'The part that Range asked for.',
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
      304: { description: 'Not modified.' },
      ...problems([
        ...callers,
        'unknown-field',
        'invalid-header',
        'precondition-failed',
        'enoent',
        'eagain',
        'eintr',
        'eio',
        'content-not-kept',
        'range-not-satisfiable',
        'filesystem-stopped',
      ]),
    },
  };
  const document = (operationId: string, summary: string, of: string): JsonSchema => ({
    operationId,
    tags: ['server'],
    summary,
    description: 'Made from the registries that serve.',
    security: [],
    responses: {
      200: { description: of, content: { 'application/json': { schema: { type: 'object' } } } },
      ...problems(['unknown-field', 'internal']),
    },
  });
  return [
    ['/openapi.json', document('openapi', 'This document', 'OpenAPI 3.1.')],
    ['/asyncapi.json', document('asyncapi', 'The event streams', 'AsyncAPI 3.')],
    ['/metrics', text('metrics', 'Metrics of the server', true)],
    ['/v1/metrics/targets', targets],
    [
      '/v1/filesystems/:fs/metrics',
      {
        ...text('filesystem-metrics', 'Metrics of one filesystem', false, ['enoent']),
        parameters: [fs],
      },
    ],
    [
      '/v1/tenants/:tenant/filesystems/:fs/metrics',
      {
        ...text(
          'tenant-filesystem-metrics',
          'Metrics of one filesystem of a tenant, for the operator',
          false,
          ['enoent'],
        ),
        parameters: [
          { ...fs, name: 'tenant', description: 'The name of the tenant.', example: 'team-a' },
          fs,
        ],
      },
    ],
    ['/v1/metrics', text('tenant-metrics', 'Metrics of the tenant', false)],
    ['/v1/filesystems/:fs/trace', trace],
    ['/v1/filesystems/:fs/operations/:operation/content', content],
    ['/v1/events', stream('tenant-events', 'server', 'The events of the whole tenant', [], [])],
    [
      '/v1/filesystems/:fs/events',
      stream(
        'events',
        'filesystem',
        'The events of one filesystem',
        [fs],
        ['enoent', 'filesystem-stopped'],
      ),
    ],
  ];
}
