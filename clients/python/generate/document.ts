// The parts of the OpenAPI document that the generator reads.
import { readFileSync } from 'node:fs';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: string[];
  default?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: boolean | Schema;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description: string;
  schema: Schema;
}

type Contents = Record<string, { schema: Schema; examples?: Record<string, unknown> }>;

interface Response {
  $ref?: string;
  description?: string;
  content?: Contents;
}

export interface Operation {
  operationId: string;
  summary: string;
  description: string;
  parameters: Parameter[];
  requestBody?: { content: Contents };
  responses: Record<string, Response>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Response>;
    examples: Record<string, { value: { errno?: string } }>;
  };
}

export const readDocument = (): Document =>
  JSON.parse(readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8'));

/** The last part of a reference, which is the name of a component. */
export const nameIn = ($ref: string): string => $ref.slice($ref.lastIndexOf('/') + 1);

/** An object to which more properties can be added, such as a strategy with its own options. */
export const isOpen = ({ type, properties, additionalProperties }: Schema): boolean =>
  type === 'object' && properties !== undefined && typeof additionalProperties === 'object';

export const isClosed = (schema: Schema): boolean =>
  schema.type === 'object' && schema.properties !== undefined && !isOpen(schema);

export const componentOf = (document: Document, { $ref = '' }: Schema): Schema => {
  const schema = document.components.schemas[nameIn($ref)];
  if (schema === undefined) throw new Error(`the document has no component ${$ref}`);
  return schema;
};
