// Names, types and text of Python.
import { nameIn, type Schema } from './document.ts';

const lineMax = 96;
/** Keywords, and names that the annotations of the same class use. */
const reserved = new Set(
  'as class def for from global import in is lambda not pass return self try with '
    .concat('bool bytes dict float int list str')
    .split(' '),
);

/** `sizeBytes` and `punch-hole` are `size_bytes` and `punch_hole`. */
export function snake(name: string): string {
  const text = name
    .replace(/[-.]/g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
  return reserved.has(text) ? `${text}_` : text;
}

export interface Context {
  /** What stands before the name of a model: nothing in its own module. */
  models: string;
  /** Arguments may be tuples and other sequences; what the server answers is a list. */
  list: 'Sequence' | 'list';
}

const scalars: Readonly<Record<string, string>> = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  null: 'None',
};

const literal = (values: readonly unknown[]): string =>
  `Literal[${values.map((one) => (one === true ? 'True' : JSON.stringify(one))).join(', ')}]`;

export function typeOf(schema: Schema, context: Context): string {
  const { $ref, type, enum: values, items, additionalProperties } = schema;
  if ($ref !== undefined) return `${context.models}${nameIn($ref)}`;
  if ('const' in schema) return literal([schema.const]);
  if (values !== undefined) return literal(values);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return unionOf(branches, context);
  if (Array.isArray(type)) return type.map((one) => scalars[one] ?? 'Any').join(' | ');
  if (type === 'array' && items !== undefined) return `${context.list}[${typeOf(items, context)}]`;
  if (type === 'object') {
    const value = typeof additionalProperties === 'object' ? additionalProperties : {};
    return `dict[str, ${typeOf(value, context)}]`;
  }
  return (typeof type === 'string' ? scalars[type] : undefined) ?? 'Any';
}

/** A union of strings, such as the words `now` and `oldest` or a cursor, is a string. */
function unionOf(branches: readonly Schema[], context: Context): string {
  const types = branches.map((branch) => (branch.enum ? 'str' : typeOf(branch, context)));
  return types.includes('Any') ? 'Any' : [...new Set(types)].join(' | ');
}

export const optional = (type: string): string =>
  type === 'Any' || type.endsWith('None') ? type : `${type} | None`;

export function wrap(text: string, indent: string, hanging = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const next = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (next.length > lineMax && line.trim() !== '') {
      lines.push(line);
      line = `${hanging}${word}`;
    } else line = next;
  }
  return line.trim() === '' ? lines : [...lines, line];
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"""', "'''");

/** A docstring of paragraphs, each of which is a list of lines or one text to be wrapped. */
export function docstring(indent: string, ...paragraphs: (string | string[])[]): string[] {
  const blocks = paragraphs
    .filter((one) => one.length > 0)
    .map((one) => (typeof one === 'string' ? wrap(escaped(one), indent) : one.map(escaped)));
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  const [first = '', ...rest] = lines;
  const opening = `${indent}"""${first.trimStart()}`;
  if (rest.length === 0 && opening.length + 3 <= lineMax + 3) return [`${opening}"""`];
  return [opening, ...rest, `${indent}"""`];
}
