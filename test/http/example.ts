// Examples for the OpenAPI document, made from a JSON Schema: its default, its first choice, or a
// value that its field usually has.
import type { JsonSchema } from '../../src/http/schema.ts';

const byField: Record<string, unknown> = {
  name: 'a',
  offset: 0,
  length: 4096,
  sizeBytes: 65_536,
  owner: 'dma-1',
  ms: 1000,
  timeoutMs: 5000,
  holdMs: 1000,
  pageSize: 100,
  etag: '"7f3a91c2-1-1-4"',
  mapping: 'map_1',
  pin: 'pin_1',
  op: 'punch-hole',
  file: 'a',
  pgoff: 0,
  pfn: 300,
};

export function exampleOf(schema: JsonSchema, field = ''): unknown {
  if ('default' in schema) return schema.default;
  if ('const' in schema) return schema.const;
  const choices = (schema.enum ?? schema.examples) as unknown[] | undefined;
  if (choices !== undefined) return choices[0];
  const branches = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (branches !== undefined) return exampleOf(branches[0] ?? {}, field);
  switch (schema.type) {
    case 'object':
      return exampleOfObject(schema);
    case 'array':
      return Array.isArray(schema.items) || schema.items === undefined
        ? []
        : [exampleOf(schema.items as JsonSchema, field)];
    case 'integer':
    case 'number':
      return numberFor(schema, field);
    case 'boolean':
      return false;
    case 'string':
      return typeof byField[field] === 'string' ? byField[field] : stringFor(field);
    case 'null':
      return null;
    default:
      return {};
  }
}

function exampleOfObject(schema: JsonSchema): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema.required ?? []) as string[];
  // What has a default shows it; what is optional is left out.
  const names = Object.keys(properties).filter((name) => required.includes(name));
  return Object.fromEntries(names.map((name) => [name, exampleOf(properties[name] ?? {}, name)]));
}

function numberFor(schema: JsonSchema, field: string): number {
  const usual = byField[field];
  const min = typeof schema.minimum === 'number' && schema.minimum > 0 ? schema.minimum : 0;
  const above = typeof schema.exclusiveMinimum === 'number' ? schema.exclusiveMinimum + 1 : 0;
  return Math.max(typeof usual === 'number' ? usual : 0, min, above);
}

const stringFor = (field: string): string =>
  field === 'id' ? 'op_1' : field === '' ? 'text' : field;
