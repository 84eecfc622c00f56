// One contract as an operation of the OpenAPI document.
import type { z } from 'zod';
import {
  type Answer,
  bundleType,
  type Content,
  type Contract,
  jsonType,
  pathNames,
  problemsOf,
} from '../contract.ts';
import { type JsonSchema, jsonSchemaOf } from '../schema.ts';
import { type Components, isSchema } from './components.ts';
import { withDescriptions } from './glossary.ts';
import { header, problemResponses } from './problems.ts';
import { recorded } from './recorded-answers.ts';

export function itemOf(contract: Contract, components: Components): JsonSchema {
  const { name, tag, summary, doc, scope } = contract;
  return {
    operationId: name,
    tags: [tag],
    summary,
    description: doc,
    ...(scope === 'public' ? { security: [] } : {}),
    parameters: parametersOf(contract),
    ...requestBodyOf(contract, components),
    responses: {
      ...Object.fromEntries(
        contract.answers.map((answer) => [answer.status, responseOf(contract, answer, components)]),
      ),
      ...problemResponses(problemsOf(contract)),
    },
  };
}

export const pathParameters: Record<string, { description: string; example: string }> = {
  fs: { description: 'The name of the filesystem.', example: 'scratch' },
  file: { description: 'The name of the file.', example: 'a' },
  mapping: { description: 'The id of the mapping, `map_…`.', example: 'map_1' },
  story: { description: 'The id of the story, S01 to S32.', example: 'S01' },
  lab: { description: 'The id of the lab, `lab_…`.', example: 'lab_1' },
  finding: { description: 'The number of the finding in the lab.', example: '1' },
  preset: { description: 'The name of the preset.', example: 'gup-two-pages' },
  pin: { description: 'The id of the pin, `pin_…`.', example: 'pin_1' },
  operation: { description: 'The id of the operation, `op_…`.', example: 'op_6' },
  tenant: { description: 'The name of the tenant.', example: 'team-a' },
  token: { description: 'The id of the token.', example: '0123456789abcdef' },
  rule: { description: 'The id of the rule, as in the field `rule` of a problem.', example: 'GP2' },
  problem: { description: 'The last part of the `type` of a problem.', example: 'ebusy' },
};

function parametersOf(contract: Contract): JsonSchema[] {
  const path = pathNames(contract.url).map((name) => {
    const known = pathParameters[name];
    if (known === undefined) throw new Error(`openapi/item.ts does not describe :${name}`);
    return { name, in: 'path', required: true, ...known, schema: { type: 'string' } };
  });
  const headers = Object.entries(requestHeadersOf(contract)).map(([name, description]) => ({
    name,
    in: 'header',
    ...(name === 'Content-Range' ? { required: true } : {}),
    description,
    schema: { type: 'string' },
  }));
  return [...path, ...queryParametersOf(contract.query), ...headers];
}

function queryParametersOf(query: z.ZodType): JsonSchema[] {
  const schema = withDescriptions(jsonSchemaOf(query, 'input'));
  const required = (schema.required ?? []) as string[];
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(
    ([name, { description, ...one }]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      description,
      schema: one,
    }),
  );
}

function requestHeadersOf(contract: Contract): Record<string, string> {
  const { method, conditions, command, waits, range, etag, headers } = contract;
  const refused = method === 'GET' ? 304 : 412;
  const has = command === true ? 'has when the operation begins' : 'has now';
  return {
    ...(command === true ? { 'Pinhole-Owner': 'The same as the field `owner`.' } : {}),
    ...(conditions === 'command' || etag === true
      ? {
          'If-Match':
            `412 unless one of these ETags is the one that the resource ${has}. \`*\` matches ` +
            'any ETag.',
          'If-None-Match':
            `${refused} if one of these ETags is the one that the resource ${has}. \`*\` ` +
            'matches any ETag.',
        }
      : {}),
    ...(waits === true
      ? {
          Prefer:
            command === true
              ? '`wait=seconds`, or `respond-async`.'
              : '`wait=seconds` waits for the end of the operation.',
        }
      : {}),
    ...(method === 'POST'
      ? {
          'Idempotency-Key':
            'A repeated request with the same key gets the answer of the first one.',
        }
      : {}),
    ...(range === true
      ? {
          Range: '`bytes=first-last`.',
          'If-Range': 'The ETag of the version to which Range applies.',
        }
      : {}),
    ...headers,
  };
}

function requestBodyOf({ name, body, orBundle }: Contract, components: Components): JsonSchema {
  if (body === null) return {};
  if (body.type !== jsonType)
    return { requestBody: { required: true, content: { [body.type]: { schema: binary } } } };
  const required = body.schema.safeParse({}).success === false;
  const example = recorded[name]?.request;
  const content = {
    schema: components.refTo(body.schema),
    ...(example === undefined ? {} : { example }),
  };
  const bundle = orBundle === true ? { [bundleType]: { schema: binary } } : {};
  return { requestBody: { required, content: { [jsonType]: content, ...bundle } } };
}

const binary = { type: 'string', format: 'binary' };

function responseOf(contract: Contract, answer: Answer, components: Components): JsonSchema {
  const { status, doc, content } = answer;
  const headers = responseHeadersOf(contract, answer);
  if (content === undefined) return { description: doc };
  const bodies = Object.entries(content).map(([type, of]) => {
    const example = type === jsonType ? exampleOf(contract, status) : {};
    return [type, { schema: schemaOf(of, components), ...example }];
  });
  return { description: doc, headers, content: Object.fromEntries(bodies) };
}

function schemaOf(content: Content, components: Components): JsonSchema {
  if (isSchema(content)) return components.refTo(content);
  return content === 'bytes' ? binary : { type: 'string' };
}

/** Every command that sleeps is answered with the same kind of record. */
const sleeping = { $ref: '#/components/examples/sleeping' };

function exampleOf({ name, command }: Contract, status: number): JsonSchema {
  if (status === 202 && command === true) return { examples: { sleeping } };
  const example = recorded[name]?.answers[status];
  return example === undefined ? {} : { example };
}

function responseHeadersOf(contract: Contract, answer: Answer): JsonSchema {
  const { etag, range, waits } = contract;
  const isList =
    answer.content !== undefined &&
    Object.values(answer.content).some(
      (of) => isSchema(of) && 'nextPageToken' in ((of as z.ZodObject).shape ?? {}),
    );
  return {
    ...(etag === true && answer.status !== 202 ? { ETag: header('A strong ETag.') } : {}),
    ...(range === true && answer.status !== 202 ? { 'Accept-Ranges': header('`bytes`.') } : {}),
    ...(waits === true
      ? { 'Preference-Applied': header('The preference that the server applied.') }
      : {}),
    ...(isList
      ? { Link: header('`rel="next"` is the URL of the next page, if there is one.') }
      : {}),
    ...Object.fromEntries(
      Object.entries(answer.headers ?? {}).map(([name, doc]) => [name, header(doc)]),
    ),
  };
}
