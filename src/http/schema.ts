// What HTTP derives from a zod type: JSON Schema for the OpenAPI document, a serializer for
// replies, coercion of query strings, and the problem for a value that does not parse. All of it is
// worked out once per route, not per request.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { HttpProblem } from './problem.ts';

export type JsonSchema = { [key: string]: unknown };

export function jsonSchemaOf(type: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as JsonSchema;
  return schema;
}

/**
 * fast-json-stringify validates a value against each branch of an anyOf, which is slow. `T | null`
 * can be written without one.
 */
function withoutNullUnions(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutNullUnions);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { anyOf, ...rest } = schema as JsonSchema;
  if (Array.isArray(anyOf) && anyOf.length === 2) {
    const other = anyOf.find((branch: JsonSchema) => branch.type !== 'null') as JsonSchema;
    if (
      anyOf.some((branch: JsonSchema) => branch.type === 'null') &&
      typeof other.type === 'string'
    ) {
      const nullable = withoutNullUnions({ ...rest, ...other }) as JsonSchema;
      const scalar = other.type !== 'object' && other.type !== 'array';
      return scalar ? { ...nullable, type: [other.type, 'null'] } : { ...nullable, nullable: true };
    }
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withoutNullUnions(value)]),
  );
}

export type Serialize = (reply: FastifyReply, value: unknown) => string;

/**
 * Compiles on first use, so that a start does not pay for unused routes. `checkReplies` is for
 * tests: it parses each reply with its schema first.
 */
export function serializerOf(
  type: z.ZodType,
  { checkReplies: check }: { checkReplies: boolean },
): Serialize {
  let compiled: ((value: JsonSchema) => string) | null = null;
  return (reply, value) => {
    if (check) type.parse(value);
    compiled ??= reply.compileSerializationSchema(
      withoutNullUnions(jsonSchemaOf(type, 'output')) as JsonSchema,
    );
    return compiled(value as JsonSchema);
  };
}

type Coercion = 'number' | 'size' | 'boolean' | 'as-is';

/**
 * The type of each query parameter of an object type. The record has no prototype, because clients
 * choose the names that are looked up in it.
 */
export function coercionsOf(...types: z.ZodType[]): Record<string, Coercion> {
  const table: Record<string, Coercion> = Object.create(null);
  for (const type of types) {
    const properties = (jsonSchemaOf(type, 'input').properties ?? {}) as Record<string, JsonSchema>;
    for (const [name, { type: kind }] of Object.entries(properties)) {
      if (name === 'pageSize') table[name] = 'size';
      else
        table[name] =
          kind === 'integer' || kind === 'number'
            ? 'number'
            : kind === 'boolean'
              ? 'boolean'
              : 'as-is';
    }
  }
  return table;
}

/** -0 is none: it would be taken for 0, which the caller did not write. */
const number = /^(?!-0+$)-?\d{1,20}$/;

/**
 * Converts strings of a query to the type that the schema expects, if they look like it. The schema
 * refuses the others.
 */
export function coerce(
  query: Record<string, unknown>,
  coercions: Record<string, Coercion>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    const kind = coercions[name];
    if (kind === 'number' && typeof value === 'string' && number.test(value))
      out[name] = Number(value);
    // A pageSize is reduced to its maximum, however many digits it has.
    else if (kind === 'size' && typeof value === 'string' && /^-?\d+$/.test(value))
      out[name] = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
    else if (kind === 'boolean' && (value === 'true' || value === '1' || value === ''))
      out[name] = true;
    else if (kind === 'boolean' && (value === 'false' || value === '0')) out[name] = false;
    else if (name === '__proto__')
      throw new HttpProblem('unknown-field', 'There is no field named __proto__.', {
        fields: [{ field: name }],
      });
    else out[name] = value;
  }
  return out;
}

/** The parsed value, or a problem of 400 that names each field. */
export function parse<T>(type: z.ZodType<T>, value: unknown): T {
  const parsed = type.safeParse(value);
  if (parsed.success) return parsed.data;
  throw problemOfIssues(parsed.error.issues);
}

/** A problem of 400 that names each field. */
export function problemOfIssues(issues: readonly z.core.$ZodIssue[]): HttpProblem {
  const fields = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys')
      return [{ field: path.join('.'), message: issue.message }];
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      message: 'There is no such field.',
    }));
  });
  // A client can send any number of wrong fields; the first few tell what is wrong.
  const shown = fields
    .slice(0, 16)
    .map(({ field, message }) => ({ field: field.slice(0, 128), message: message.slice(0, 256) }));
  const unknown = issues.some((issue) => issue.code === 'unrecognized_keys');
  const detail = shown
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
    .join(' ');
  return new HttpProblem(unknown ? 'unknown-field' : 'invalid-value', detail, { fields: shown });
}

/** A JSON body as an object; absent is empty. */
export function objectOf(body: unknown): Record<string, unknown> {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpProblem('invalid-body', 'The body must be a JSON object.');
  }
  if (body instanceof Uint8Array) {
    throw new HttpProblem('unsupported-media-type', 'The body must be application/json.', {
      accepts: 'application/json',
    });
  }
  return body as Record<string, unknown>;
}
