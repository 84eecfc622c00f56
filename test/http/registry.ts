// Every route of the kernel's registries, with an existing URL in `sleepingWorld` and arguments
// that its schema accepts.
import { type JsonSchema, jsonSchemaOf } from '../../src/http/schema.ts';
import { urlOf } from '../../src/http/target.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { views } from '../../src/kernel/views/index.ts';
import { exampleOf } from './example.ts';

export interface RegistryRoute {
  name: string;
  method: string;
  url: string;
  on: string;
  /** Where the arguments go. */
  input: 'json' | 'query' | 'bytes';
  schema: JsonSchema;
  example: Record<string, unknown>;
}

const names: Record<string, string> = {
  fs: 'scratch',
  file: 'a',
  mapping: 'map_1',
  pin: 'pin_1',
  operation: 'op_5',
};

export const fill = (url: string, with_: Record<string, string> = {}): string =>
  url.replace(/:(\w+)/g, (_, name: string) => with_[name] ?? names[name] ?? name);

export const routes: RegistryRoute[] = [
  ...[...operations.values()].map((op): RegistryRoute => {
    const schema = jsonSchemaOf(op.args, 'input');
    const input = op.takes ?? 'query';
    const url = urlOf({ on: op.on, path: op.route.path });
    return {
      name: op.name,
      method: op.route.method,
      url,
      on: op.on,
      input,
      schema,
      example: exampleOf(schema) as Record<string, unknown>,
    };
  }),
  ...[...views.values()].map((view): RegistryRoute => {
    const schema = jsonSchemaOf(view.query, 'input');
    const url = urlOf({ on: view.on, path: view.path });
    return {
      name: `view ${view.name}`,
      method: 'GET',
      url,
      on: view.on,
      input: 'query',
      schema,
      example: {},
    };
  }),
];

export const queryOf = (args: Record<string, unknown>): string =>
  new URLSearchParams(
    Object.entries(args).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();

/** URL and body of a call. Values of `args` go as raw JSON where they are strings in `raw`. */
export function request(
  route: RegistryRoute,
  args: Record<string, unknown>,
  url = fill(route.url),
) {
  if (route.input === 'json') return { url, options: { json: args } };
  const query = queryOf(args);
  const full = query === '' ? url : `${url}?${query}`;
  return { url: full, options: route.input === 'bytes' ? { bytes: 'x' } : {} };
}
