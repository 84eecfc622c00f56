// Each example of the OpenAPI document is valid for its schema, and each property has a
// description.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { describedComponents } from '../../src/http/openapi/component-words.ts';
import { openApi } from '../../src/http/openapi/document.ts';
import { enumNames, partNames } from '../../src/http/openapi/part-names.ts';
import { contracts } from '../../src/http/routes/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is looked into at every depth
type Json = any;
const document: Json = openApi(contracts);
const root = 'openapi.json';
// OpenAPI has keywords of its own beside those of JSON Schema.
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(JSON.parse(JSON.stringify(document)), root);

interface Case {
  where: string;
  /** A pointer into the document. */
  schema: string;
  value: unknown;
}

const escaped = (key: string): string =>
  encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));

function resolved(value: Json): Json {
  const { $ref } = value as { $ref?: string };
  if ($ref === undefined) return value;
  return $ref
    .slice(2)
    .split('/')
    .reduce((at: Json, key: string) => at[key], document);
}

/** Every pair of a schema and an example that stands beside it. */
function* cases(value: Json, pointer = '', seen = '#'): Generator<Case> {
  if (typeof value !== 'object' || value === null) return;
  if (value.schema !== undefined && !Array.isArray(value)) {
    const schema = `${root}#${pointer}/schema`;
    if ('example' in value) yield { where: seen, schema, value: value.example };
    for (const [name, example] of Object.entries(value.examples ?? {}))
      yield { where: `${seen}/${name}`, schema, value: resolved(example).value };
  }
  for (const [key, one] of Object.entries(value))
    yield* cases(one, `${pointer}/${escaped(key)}`, `${seen}/${key}`);
}

/** Paths of properties without a description. */
function* undescribed(schema: Json, path: string): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [name, property] of Object.entries(schema.properties ?? {}) as [string, Json][])
    if (typeof (property.description ?? resolved(property).description) !== 'string')
      yield `${path}.${name}`;
  for (const [key, one] of Object.entries(schema)) yield* undescribed(one, `${path}/${key}`);
}

describe('OpenAPI', () => {
  it('has examples that their schemas allow', () => {
    const all = [...cases(document)];
    expect(all.length).toBeGreaterThan(150);
    const wrong = all.flatMap(({ where, schema, value }) => {
      const validate = ajv.getSchema(schema);
      if (validate === undefined) return [`${where}: no schema at ${schema}`];
      return validate(value) ? [] : [`${where}: ${ajv.errorsText(validate.errors)}`];
    });
    expect(wrong).toEqual([]);
  });

  it('has an example for each body of JSON', () => {
    const missing: string[] = [];
    for (const item of Object.values(document.paths) as Json[])
      for (const { operationId, requestBody, responses } of Object.values(item) as Json[]) {
        const bodies = [requestBody, ...Object.values(responses).map(resolved)];
        for (const { content } of bodies.filter((body) => body !== undefined)) {
          const json = content?.['application/json'];
          const isOpen = ['openapi', 'asyncapi'].includes(operationId);
          if (json !== undefined && !isOpen && !('example' in json || 'examples' in json))
            missing.push(operationId);
        }
      }
    expect(missing).toEqual([]);
  });

  it('says of every property what it is', () => {
    expect([...undescribed(document.components.schemas, '')]).toEqual([]);
    const parameters = (Object.values(document.paths) as Json[])
      .flatMap((item) => Object.values(item) as Json[])
      .flatMap((item) => item.parameters);
    for (const { name, description } of parameters) expect(description, name).toBeTypeOf('string');
  });

  it('says of every component what it is, and gives every part of a schema a name', () => {
    const anonymous: string[] = [];
    const visit = (schema: Json, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const branches: Json[] = schema.anyOf ?? schema.oneOf ?? [];
      const objects = branches.filter(({ type, properties }) => type === 'object' && properties);
      const isObject = schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0;
      if (isObject || objects.length > 0) anonymous.push(path);
      for (const [key, one] of Object.entries(schema)) visit(one, `${path}/${key}`);
    };
    for (const [name, schema] of Object.entries(document.components.schemas) as [string, Json][]) {
      expect(schema.description, name).toBeTypeOf('string');
      for (const [key, one] of Object.entries(schema)) visit(one, `${name}/${key}`);
    }
    expect(anonymous).toEqual([]);
  });

  it('keeps no name and no description for a component that is not there', () => {
    const schemas = Object.keys(document.components.schemas);
    for (const { name } of enumNames) expect(schemas).toContain(name);
    for (const name of Object.values(partNames)) expect(schemas).toContain(name);
    for (const name of describedComponents) expect(schemas).toContain(name);
  });
});
