// The OpenAPI 3.1 document, made from the registries and the table of problems. `npm run openapi`
// writes it to openapi/openapi.json.

import { z } from 'zod';
import type { Operation } from '../../kernel/ops/define.ts';
import { operations } from '../../kernel/ops/index.ts';
import type { View } from '../../kernel/views/define.ts';
import { views } from '../../kernel/views/index.ts';
import { version } from '../../version.ts';
import {
  type ProblemType,
  problemMediaType,
  problemOf,
  problemTable,
  problemTypes,
  retryAfter,
} from '../problem.ts';
import { isLimit } from '../rate-limit.ts';
import type { ServerRoute } from '../routes/define.ts';
import { serverRoutes } from '../routes/index.ts';
import { commonArgs, sleepArgs } from '../routes/operation.ts';
import { type JsonSchema, jsonSchemaOf } from '../schema.ts';
import { urlOf } from '../target.ts';
import { exampleOf } from './example.ts';
import { otherRoutes } from './others.ts';
import { shareResponses } from './responses.ts';

const tags: Record<string, string> = {
  filesystem: 'A filesystem on a simulated pmem namespace, and what can be seen of its inside.',
  file: 'Files by name: content, size, layout.',
  mapping: 'What a process mapped: faults, loads, stores, flushes.',
  pin: 'Pages that a device holds: get_user_pages, DMA, unpin.',
  operation: 'What runs, sleeps or has ended.',
  tenant: 'Tenants, quotas and tokens; for the operator.',
  server: 'The server itself.',
};

const pathParameters: Record<string, string> = {
  fs: 'The name of the filesystem.',
  file: 'The name of the file.',
  mapping: 'The id of the mapping, `map_…`.',
  pin: 'The id of the pin, `pin_…`.',
  operation: 'The id of the operation, `op_…`.',
  tenant: 'The name of the tenant.',
  token: 'The id of the token.',
  problem: 'The last part of the `type` of a problem.',
};
const pathExamples: Record<string, string> = {
  fs: 'scratch',
  file: 'a',
  mapping: 'map_1',
  pin: 'pin_1',
  operation: 'op_1',
  tenant: 'team-a',
  token: '0123456789abcdef',
  problem: 'ebusy',
};

const pascal = (name: string): string =>
  name.replace(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase());
const ref = (id: string) => ({ $ref: `#/components/schemas/${id}` });

class Components {
  readonly schemas: Record<string, JsonSchema> = {};

  add(id: string, schema: JsonSchema): { $ref: string } {
    if (id in this.schemas) throw new Error(`two schemas have the id ${id}`);
    this.schemas[id] = schema;
    return ref(id);
  }
}

/** One response per status, with an example for each problem type. */
function problems(types: Iterable<ProblemType>): Record<string, JsonSchema> {
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of new Set(types)) {
    const { status } = problemTable[type];
    byStatus.set(status, [...(byStatus.get(status) ?? []), type]);
  }
  const ascending = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    ascending.map(([status, group]) => {
      const description = `${group.map((type) => `\`${type}\``).join(', ')}.`;
      const examples = Object.fromEntries(
        group.map((type) => [type, { $ref: `#/components/examples/${type}` }]),
      );
      const headers = {
        ...(group.some((type) => type in retryAfter)
          ? { 'Retry-After': header('In seconds.') }
          : {}),
        ...(group.some(isLimit) ? rateLimitHeaders : {}),
      };
      return [
        String(status),
        {
          description,
          headers,
          content: { [problemMediaType]: { schema: ref('Problem'), examples } },
        },
      ];
    }),
  );
}

const header = (description: string) => ({ description, schema: { type: 'string' } });
const headerParameter = (name: string, description: string) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
});

const rateLimitHeaders = {
  RateLimit: header('What is left of the bound or quota that refused: `"pins";r=0`.'),
  'RateLimit-Policy': header('That bound or quota, and what it counts: `"pins";q=1024;qu="pins"`.'),
};

function pathParametersOf(url: string): JsonSchema[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: pathParameters[name] ?? name,
    schema: { type: 'string' },
    example: pathExamples[name] ?? name,
  }));
}

function queryParametersOf(schema: JsonSchema): JsonSchema[] {
  const required = (schema.required ?? []) as string[];
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(
    ([name, { description, ...one }]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: one,
    }),
  );
}

/** What every route behind a token can answer. */
const always: readonly ProblemType[] = [
  'invalid-header',
  'precondition-failed',
  'invalid-value',
  'unknown-field',
  'unauthorized',
  'missing-scope',
  'forbidden-origin',
  'internal',
];
const ofFilesystem: readonly ProblemType[] = ['enoent', 'filesystem-stopped'];
const ofCommand: readonly ProblemType[] = [
  'invalid-body',
  'invalid-header',
  'enodev',
  'precondition-failed',
  'estale',
  'too-large',
  'unsupported-media-type',
  'inbox-full',
  'disk-full',
  'journal-failed',
];

const ofKey: readonly ProblemType[] = [
  'key-in-use',
  'key-reused',
  'answer-not-kept',
  'too-many-keys',
];
const keyParameter = headerParameter(
  'Idempotency-Key',
  'The same key with the same request gets the first answer again.',
);

const lower = (errnos: readonly string[]) =>
  errnos.map((errno) => errno.toLowerCase() as ProblemType);

function mergeArgs(op: Operation): JsonSchema {
  const own = jsonSchemaOf(op.args, 'input');
  const common = jsonSchemaOf(op.waits ? sleepArgs : commonArgs, 'input');
  return {
    ...own,
    properties: { ...(own.properties as object), ...(common.properties as object) },
  };
}

function operationItem(op: Operation, components: Components): JsonSchema {
  const url = urlOf({ on: op.on, path: op.route.path });
  const args = mergeArgs(op);
  const isContent = op.range;
  const inBody = op.takes === 'json';
  const parameters = [
    ...pathParametersOf(url),
    ...(inBody ? [] : queryParametersOf(args)),
    headerParameter('Pinhole-Owner', 'The same as `owner`.'),
    headerParameter(
      'If-Match',
      '412 unless the thing has one of these ETags when the operation begins. `*` is any.',
    ),
    headerParameter(
      'If-None-Match',
      `${op.route.method === 'GET' ? 304 : 412} where the thing has one of these ETags when the operation begins. \`*\` is any.`,
    ),
    ...(op.waits ? [headerParameter('Prefer', '`wait=seconds`, or `respond-async`.')] : []),
    ...(op.route.method === 'POST' ? [keyParameter] : []),
    ...(isContent
      ? [
          headerParameter('Range', '`bytes=first-last`.'),
          headerParameter('If-Range', 'The ETag for which Range holds.'),
        ]
      : []),
  ];
  const content =
    op.gives === 'bytes'
      ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
      : jsonContent(
          components.add(`${pascal(op.name)}Result`, jsonSchemaOf(op.result, 'output')),
          exampleOf(jsonSchemaOf(op.result, 'output')),
        );
  const headers = {
    ...(op.route.status === 201 ? { Location: header('The URL of what was made.') } : {}),
    ...(op.waits ? { 'Preference-Applied': header('The preference that was followed.') } : {}),
    ...(isContent ? { ETag: header('Strong.'), 'Accept-Ranges': header('`bytes`.') } : {}),
  };
  const types: ProblemType[] = [...always, ...ofFilesystem, ...ofCommand, ...lower(op.errors)];
  if (op.charges !== null || op.waits) types.push('edquot');
  if (op.route.method === 'POST') types.push(...ofKey);
  if (isContent) types.push('range-not-satisfiable', 'reply-too-large');
  return {
    operationId: op.name,
    tags: [op.on],
    summary: op.summary,
    description: op.doc,
    parameters,
    ...requestBody(op, args, components),
    responses: {
      [op.route.status]: { description: 'Done.', headers, content },
      ...(op.route.method === 'GET'
        ? { 304: { description: 'Not modified: If-None-Match names it.' } }
        : {}),
      ...(isContent
        ? {
            206: {
              description: 'The part that Range asked for.',
              headers: { 'Content-Range': header('`bytes first-last/size`.') },
              content,
            },
          }
        : {}),
      ...(op.waits
        ? {
            202: {
              description: 'It sleeps or runs on; the body is the operation.',
              headers: {
                Location: header('The URL of the operation.'),
                'Preference-Applied': header('The preference that was followed.'),
              },
              content: { 'application/json': { schema: ref('OperationView') } },
            },
          }
        : {}),
      ...problems(types),
    },
  };
}

/** PATCH of the content: the operation `write`, told by Content-Range where. */
function patchItem(put: JsonSchema): JsonSchema {
  const parameters = (put.parameters as { name: string }[]).filter(({ name }) => name !== 'offset');
  const description = '`bytes first-last/*`: where the body goes. It must be as long as that.';
  const schema = { type: 'string', pattern: '^bytes \\d{1,16}-\\d{1,16}/\\*$' };
  return {
    ...put,
    operationId: 'write-range',
    summary: 'Write a part of the content of a file',
    description:
      'draft-ietf-httpapi-patch-byterange with Content-Range as a header; the same as PUT with `offset`.',
    parameters: [
      ...parameters,
      {
        name: 'Content-Range',
        in: 'header',
        required: true,
        description,
        schema,
        example: 'bytes 4096-8191/*',
      },
    ],
  };
}

function requestBody(op: Operation, args: JsonSchema, components: Components): JsonSchema {
  if (op.takes === null) return {};
  if (op.takes === 'bytes') {
    return {
      requestBody: {
        required: true,
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
    };
  }
  const required = ((args.required ?? []) as string[]).length > 0;
  return {
    requestBody: {
      required,
      content: jsonContent(components.add(`${pascal(op.name)}Args`, args), exampleOf(args)),
    },
  };
}

function jsonContent(schema: JsonSchema, example: unknown): JsonSchema {
  return { 'application/json': { schema, example } };
}

function viewItem(view: View, components: Components): JsonSchema {
  const url = urlOf({ on: view.on, path: view.path });
  const schema = jsonSchemaOf(view.result, 'output');
  const tagged = view.etag;
  const listed = 'nextPageToken' in ((schema.properties ?? {}) as object);
  return {
    operationId: `get-${view.name}`,
    tags: [view.on],
    summary: view.summary,
    description: view.doc,
    parameters: [
      ...pathParametersOf(url),
      ...queryParametersOf(jsonSchemaOf(view.query, 'input')),
      ...(tagged
        ? [
            headerParameter(
              'If-Match',
              '412 where the ETag is another one, or there is nothing to read.',
            ),
            headerParameter('If-None-Match', '304 where the ETag is still this one.'),
          ]
        : []),
      ...(view.waits
        ? [headerParameter('Prefer', '`wait=seconds` for the end of the operation.')]
        : []),
    ],
    responses: {
      200: {
        description: 'As it is now.',
        headers: {
          ...(tagged ? { ETag: header('Strong.') } : {}),
          ...(listed ? { Link: header('`rel="next"` where the list goes on.') } : {}),
        },
        content: jsonContent(components.add(`${pascal(view.name)}View`, schema), exampleOf(schema)),
      },
      ...(tagged ? { 304: { description: 'Not modified.' } } : {}),
      ...problems([...always, ...ofFilesystem, ...lower(view.errors)]),
    },
  };
}

function serverItem(route: ServerRoute, components: Components): JsonSchema {
  const result = jsonSchemaOf(route.result, 'output');
  const body = route.body === undefined ? null : jsonSchemaOf(route.body, 'input');
  const common: readonly ProblemType[] =
    route.scope === 'public'
      ? [route.query === undefined ? 'unknown-field' : 'invalid-value', 'internal']
      : always;
  const ofBody: readonly ProblemType[] =
    body === null ? [] : ['invalid-body', 'too-large', 'unsupported-media-type'];
  return {
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    description: route.doc,
    ...(route.scope === 'public' ? { security: [] } : {}),
    parameters: [
      ...pathParametersOf(route.url),
      ...(route.query === undefined ? [] : queryParametersOf(jsonSchemaOf(route.query, 'input'))),
      ...(route.method === 'POST' ? [keyParameter] : []),
    ],
    ...(body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: jsonContent(
              components.add(`${pascal(route.name)}Args`, body),
              route.example ?? exampleOf(body),
            ),
          },
        }),
    responses: {
      [route.status]: {
        description: 'Done.',
        headers: route.status === 201 ? { Location: header('The URL of what was made.') } : {},
        content: jsonContent(
          components.add(`${pascal(route.name)}Result`, result),
          exampleOf(result),
        ),
      },
      ...problems([
        ...common,
        ...ofBody,
        ...(route.method === 'POST' ? ofKey : []),
        ...route.errors,
      ]),
    },
  };
}

const zProblem = z
  .looseObject({
    type: z.string().describe('A URL of this server that explains the problem.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional().describe('The path of the request.'),
    errno: z.string().optional().describe('What a system call would have given.'),
    rule: z.string().optional().describe('The rule of docs/spec.md that fired.'),
    blockedBy: z
      .array(
        z.looseObject({
          pin: z.string().optional(),
          mapping: z.string().optional(),
          operation: z.string().optional(),
          owner: z.string().nullable(),
          heldMs: z.int(),
        }),
      )
      .optional()
      .describe('Who is in the way, 16 at most: on EAGAIN of nowait, and on EBUSY.'),
    cycle: z
      .array(z.string())
      .optional()
      .describe(
        'On EDEADLK: operations and what each waits for, once around, as in the wait-graph.',
      ),
    fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .describe(`RFC 9457. Types: ${problemTypes.join(', ')}.`);

export function openApi(): JsonSchema {
  const components = new Components();
  const paths: Record<string, JsonSchema> = {};
  const put = (url: string, method: string, item: JsonSchema) => {
    const path = url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [method.toLowerCase()]: item };
  };
  components.add('Problem', jsonSchemaOf(zProblem, 'output'));
  for (const route of serverRoutes) put(route.url, route.method, serverItem(route, components));
  for (const view of views.values())
    put(urlOf({ on: view.on, path: view.path }), 'GET', viewItem(view, components));
  for (const op of operations.values()) {
    const url = urlOf({ on: op.on, path: op.route.path });
    const item = operationItem(op, components);
    put(url, op.route.method, item);
    if (op.patch) put(url, 'PATCH', patchItem(item));
  }
  for (const [path, item] of otherRoutes(problems)) put(path, 'GET', item);
  const responses = shareResponses(paths);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pinhole',
      version,
      summary: 'Truncate and hole punch against page pins, on simulated DAX filesystems.',
      description:
        'Every error is application/problem+json. Without a token, callers on loopback are the tenant `default`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, {}],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: components.schemas,
      responses,
      examples: Object.fromEntries(
        problemTypes.map((type) => [
          type,
          { summary: problemTable[type].title, value: problemOf(type, problemTable[type].doc) },
        ]),
      ),
    },
  };
}
