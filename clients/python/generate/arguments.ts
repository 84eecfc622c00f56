// What a method of the client takes: parts of the path, arguments of the query and the body,
// headers.
import {
  componentOf,
  type Document,
  isOpen,
  type Operation,
  type Parameter,
  type Schema,
} from './document.ts';
import { type Context, optional, snake, typeOf, wrap } from './python.ts';

export interface Argument {
  /** As it is on the wire. */
  name: string;
  python: string;
  type: string;
  required: boolean;
  description: string;
}

const context: Context = { models: 'models.', list: 'Sequence' };

/** The client does these itself, or has a better way. */
const omittedHeaders = new Set(['Prefer', 'Range', 'If-Range', 'Last-Event-ID', 'Pinhole-Owner']);
/** On a GET they would answer 304, which has no body to return. */
const conditions = new Set(['If-Match', 'If-None-Match']);

function argument(name: string, schema: Schema, required: boolean, text?: string): Argument {
  const type = typeOf(schema, context);
  if (type.endsWith('None')) throw new Error(`${name}: an argument that is null is not sent`);
  const given = schema.default;
  const isShort = given !== undefined && JSON.stringify(given).length < 40;
  const description = [
    text ?? schema.description ?? '',
    ...(isShort ? [`Default: ${JSON.stringify(given)}.`] : []),
  ];
  return { name, python: snake(name), type, required, description: description.join(' ') };
}

const parameter = ({ name, schema, required, description }: Parameter): Argument =>
  argument(name, schema, required === true, description);

export const headersOf = (method: string, { parameters }: Operation): Argument[] =>
  parameters
    .filter(({ name, in: where }) => where === 'header' && !omittedHeaders.has(name))
    .filter(({ name }) => method !== 'get' || !conditions.has(name))
    .map(parameter);

export const queryOf = ({ parameters }: Operation, without: readonly string[]): Argument[] =>
  parameters
    .filter(({ name, in: where }) => where === 'query' && !without.includes(name))
    .map(parameter);

export interface Fields {
  arguments: Argument[];
  /** Further fields are arguments, too: the options of a strategy. */
  open: boolean;
}

/** The arguments of a body: one list, or one for each kind of body that the route takes. */
export function bodiesOf(document: Document, body: Schema): Fields[] {
  const schema = componentOf(document, body);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return branches.flatMap((one) => bodiesOf(document, one));
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([name, one]) =>
    argument(name, one, required.has(name)),
  );
  return [{ arguments: fields, open: isOpen(schema) }];
}

/** One argument for each name. Where the types differ it takes all of them. */
export function mergedOf(lists: readonly Argument[][]): Argument[] {
  const merged = new Map<string, Argument>();
  for (const one of lists.flat()) {
    const known = merged.get(one.name);
    const types = [...new Set([...(known?.type.split(' | ') ?? []), ...one.type.split(' | ')])];
    const required = lists.every((list) =>
      list.some(({ name, required: is }) => name === one.name && is),
    );
    merged.set(one.name, { ...(known ?? one), type: types.join(' | '), required });
  }
  return [...merged.values()];
}

const byNeed = (list: readonly Argument[]): Argument[] => [
  ...list.filter(({ required }) => required),
  ...list.filter(({ required }) => !required),
];

export const signature = (list: readonly Argument[]): string[] =>
  byNeed(list).map(({ python, type, required }) =>
    required ? `${python}: ${type},` : `${python}: ${optional(type)} = None,`,
  );

export const documented = (list: readonly Argument[]): string[] =>
  byNeed(list)
    .filter(({ description }) => description !== '')
    .flatMap(({ python, description }) =>
      wrap(`${python}: ${description}`, ' '.repeat(12), ' '.repeat(16)),
    );
