// The fields of a request as arguments and options, from the schema that the server checks the
// request with. Names, values and descriptions are those of the API.
import { Argument, type Command, Option } from 'commander';
import type { z } from 'zod';
import { withDescriptions } from '../../http/openapi/glossary.ts';
import { type JsonSchema, jsonSchemaOf } from '../../http/schema.ts';
import { bytesOf, msOf, wholeOf } from './sizes.ts';

export interface Field {
  /** Where the value stands in the request: `waitqueue`, `buckets`. */
  path: readonly string[];
  /** `waitqueue-buckets`. */
  flag: string;
  kind: 'bytes' | 'ms' | 'whole' | 'boolean' | 'text';
  values: readonly string[] | null;
  doc: string;
  required: boolean;
  initial: unknown;
}

/** The fields of an object, and of the objects in it. `name` is that of the schema in OpenAPI. */
export function fieldsOf(schema: z.ZodType, name: string, above: readonly string[] = []): Field[] {
  return fieldsIn(withDescriptions(jsonSchemaOf(schema, 'input'), name), above);
}

function fieldsIn(schema: JsonSchema, above: readonly string[]): Field[] {
  const required = new Set(schema.required as readonly string[] | undefined);
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(
    ([name, property]): Field[] => {
      const path = [...above, name];
      if (property.type === 'object') return fieldsIn(property, path);
      const kind = kindOf(name, property);
      if (kind === null) return [];
      return [
        {
          path,
          flag: flagOf(path),
          kind,
          values: (property.enum as string[] | undefined) ?? null,
          doc: String(property.description ?? '').replace(/\.$/, ''),
          required: above.length === 0 && required.has(name),
          initial: property.default,
        },
      ];
    },
  );
}

const bytesName = /^(offset|length|withOffset|bytes|memory)$|Bytes$/;
const msName = /^ms$|Ms$/;

function kindOf(name: string, { type }: JsonSchema): Field['kind'] | null {
  if (type === 'boolean') return 'boolean';
  if (type === 'string') return 'text';
  if (type !== 'integer' && type !== 'number') return null;
  if (bytesName.test(name)) return 'bytes';
  return msName.test(name) ? 'ms' : 'whole';
}

/** `strategy.name` is `--strategy`, because an object is chosen by its name. */
const flagOf = (path: readonly string[]): string =>
  (path.length > 1 && path.at(-1) === 'name' ? path.slice(0, -1) : path)
    .join('-')
    .replace(/(Bytes|Ms)$/, '')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const parsers: Readonly<Record<Field['kind'], ((text: string) => unknown) | null>> = {
  bytes: bytesOf,
  ms: msOf,
  whole: wholeOf,
  boolean: null,
  text: null,
};

const metavars: Readonly<Record<Field['kind'], string>> = {
  bytes: 'size',
  ms: 'time',
  whole: 'number',
  boolean: '',
  text: 'name',
};

/** Adds each required field as an argument, and each other one as an option. */
export function addFields(command: Command, fields: readonly Field[]): Command {
  for (const { flag, kind, values, doc, required } of fields) {
    if (!required) continue;
    const argument = new Argument(`<${flag}>`, doc);
    const parse = parsers[kind];
    if (values !== null) argument.choices(values);
    else if (parse !== null) argument.argParser(parse);
    command.addArgument(argument);
  }
  return addOptions(
    command,
    fields.filter(({ required }) => !required),
  );
}

/** Adds each field as an option. */
export function addOptions(
  command: Command,
  fields: readonly Field[],
  group: string | null = null,
): Command {
  for (const { flag, kind, values, doc, initial } of fields) {
    // A switch that is on unless it is said is switched off.
    const isOn = kind === 'boolean' && initial === true;
    const shown = initial === undefined || kind === 'boolean' ? '' : ` (default: ${initial})`;
    const flags =
      kind === 'boolean' ? `--${isOn ? 'no-' : ''}${flag}` : `--${flag} <${metavars[kind]}>`;
    const option = new Option(flags, `${isOn ? 'switch off: ' : ''}${doc}${shown}`);
    const parse = parsers[kind];
    if (values !== null) option.choices(values);
    else if (parse !== null) option.argParser(parse);
    command.addOption(group === null ? option : option.helpGroup(group));
    // Without a default, false differs from leaving it out: a pin with `longterm: false`. The
    // fields of every request are in a group, and theirs are false if they are left out.
    if (kind === 'boolean' && initial === undefined && group === null)
      command.addOption(new Option(`--no-${flag}`, `not --${flag}, whatever is the default`));
  }
  return command;
}

/** The fields that the caller gave, as the object that the server takes. */
export function givenFields(command: Command, fields: readonly Field[]): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  const places = fields.filter(({ required }) => required);
  // Arguments that are not fields, such as the file, come first.
  const first = command.registeredArguments.length - places.length;
  for (const field of fields) {
    const place = places.indexOf(field);
    if (place >= 0) put(given, field.path, command.processedArgs[first + place]);
    else if (command.getOptionValueSource(optionName(field)) === 'cli')
      put(given, field.path, command.getOptionValue(optionName(field)));
  }
  return given;
}

/** As commander names the value of an option. */
const optionName = ({ flag }: Field): string =>
  flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function put(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) object[name] = value;
  else {
    object[name] ??= {};
    put(object[name] as Record<string, unknown>, rest, value);
  }
}
