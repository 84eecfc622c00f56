// Takes the parts out of schemas: an object, a union of objects or an enumeration inside another
// schema becomes a component with a name, and a reference stands in its place.
import type { JsonSchema } from '../schema.ts';
import { componentWords } from './component-words.ts';
import { enumNames, partNames } from './part-names.ts';

export const pascal = (name: string): string =>
  name.replace(/(^|[-._ ])(\w)/g, (_, _dash, letter: string) => letter.toUpperCase());
export const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

type Schemas = Record<string, JsonSchema>;

/**
 * Where a schema stands: in this property of the component `parent`, as an item of the list there,
 * or as a branch of the union `parent`, whose number or tag is then `property`.
 */
interface Place {
  parent: string;
  property: string;
  as: 'property' | 'item' | 'branch';
}

/** What describes the place and not the type stays beside the reference. */
const ofPlace = ['description', 'default'] as const;

export function takeOutParts(schemas: Schemas): Schemas {
  const out: Schemas = {};
  /** Names by the text of a schema. */
  const names = new Map<string, string>();

  function named(name: string, schema: JsonSchema): void {
    // The name is known before the parts of the schema are visited, for one that holds itself.
    names.set(textOf(schema), name);
    out[name] = {};
    const description = schema.description ?? componentWords(name);
    out[name] = { ...partsOf(schema, name), ...(description === undefined ? {} : { description }) };
  }

  /** The schema with references in the place of its parts. */
  function partsOf(schema: JsonSchema, name: string): JsonSchema {
    const branches = branchesOf(schema);
    if (branches !== null) return unionOf(schema, name, branches);
    return inner(schema, { parent: name, property: '', as: 'property' });
  }

  function unionOf(schema: JsonSchema, name: string, branches: JsonSchema[]): JsonSchema {
    const key = 'oneOf' in schema ? 'oneOf' : 'anyOf';
    const tag = tagOf(branches);
    const tags = branches.map((branch) => (tag === null ? null : constOf(branch, tag)));
    const refs = branches.map((branch, index) =>
      part(branch, { parent: name, property: String(tags[index] ?? index), as: 'branch' }),
    );
    const mapping = Object.fromEntries(tags.map((value, i) => [value, refs[i]?.$ref]));
    const discriminator = tag === null ? {} : { discriminator: { propertyName: tag, mapping } };
    return { ...schema, [key]: refs, ...discriminator };
  }

  function inner(schema: JsonSchema, place: Place): JsonSchema {
    return Object.fromEntries(
      Object.entries(schema).map(([key, value]) => {
        if (key === 'properties') return [key, properties(value as Schemas, place.parent)];
        if (key === 'items') return [key, part(value as JsonSchema, { ...place, as: 'item' })];
        if (key === 'additionalProperties' && typeof value === 'object')
          return [key, part(value as JsonSchema, { ...place, as: 'item' })];
        if (key === 'anyOf' || key === 'oneOf')
          return [key, (value as JsonSchema[]).map((one) => part(one, place))];
        return [key, value];
      }),
    );
  }

  const properties = (value: Schemas, parent: string): Schemas =>
    Object.fromEntries(
      Object.entries(value).map(([property, one]) => [
        property,
        part(one, { parent, property, as: 'property' }),
      ]),
    );

  /** A reference, if the schema is a part; else the schema with references inside it. */
  function part(schema: JsonSchema, place: Place): JsonSchema {
    if (!isPart(schema, place)) return inner(schema, place);
    const text = textOf(schema);
    if (!names.has(text)) {
      const name = nameOf(schema, place);
      if (name in out) throw new Error(`two schemas are ${name}; see openapi/part-names.ts`);
      named(name, withoutPlace(schema, place));
    }
    const beside = ofPlace.filter((key) => key in schema).map((key) => [key, schema[key]]);
    return { ...refTo(names.get(text) ?? ''), ...Object.fromEntries(beside) };
  }

  for (const [name, schema] of Object.entries(schemas)) names.set(textOf(schema), name);
  for (const [name, schema] of Object.entries(schemas)) named(name, schema);
  return out;
}

const textOf = (schema: JsonSchema): string => JSON.stringify(withoutPlace(schema));

/** An item of a list and a value of a map have no other place for their description. */
function withoutPlace({ default: _, description, ...schema }: JsonSchema, place?: Place) {
  return place?.as === 'item' && description !== undefined ? { ...schema, description } : schema;
}

const isObject = (schema: JsonSchema): boolean =>
  schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0;

/** The branches of a union of objects. */
function branchesOf(schema: JsonSchema): JsonSchema[] | null {
  const branches = (schema.oneOf ?? schema.anyOf) as JsonSchema[] | undefined;
  return branches !== undefined && branches.length > 1 && branches.every(isObject)
    ? branches
    : null;
}

const enumNameOf = (schema: JsonSchema, { property }: Place): string | undefined =>
  enumNames.find(
    (one) => one.property === property && (schema.enum as string[] | undefined)?.includes(one.has),
  )?.name;

/** A union of other schemas is a part if it was given a name. */
const isNamedUnion = ({ anyOf }: JsonSchema, { parent, property }: Place): boolean =>
  anyOf !== undefined &&
  (anyOf as JsonSchema[]).every(({ type }) => type !== 'null') &&
  `${parent}.${property}` in partNames;

const isPart = (schema: JsonSchema, place: Place): boolean =>
  isObject(schema) ||
  branchesOf(schema) !== null ||
  enumNameOf(schema, place) !== undefined ||
  isNamedUnion(schema, place);

function nameOf(schema: JsonSchema, place: Place): string {
  const { parent, property, as } = place;
  const chosen = enumNameOf(schema, place) ?? partNames[`${parent}.${property}`];
  if (chosen !== undefined) return chosen;
  if (as === 'branch') return `${pascal(property)}${parent}`;
  return `${parent}${pascal(as === 'item' ? property.replace(/s$/, '') : property)}`;
}

const constOf = (schema: JsonSchema, property: string): unknown =>
  (schema.properties as Schemas)[property]?.const;

/** The property whose value tells the branches of a union apart. */
function tagOf(branches: JsonSchema[]): string | null {
  const [first] = branches;
  const tags = Object.keys((first?.properties ?? {}) as object).filter((property) =>
    branches.every((branch) => typeof constOf(branch, property) === 'string'),
  );
  return tags[0] ?? null;
}
