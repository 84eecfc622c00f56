// Legal but unusual arguments, generated from JSON Schema.
import type { JsonSchema } from '../../src/http/schema.ts';
import type { Prng } from '../sim/prng.ts';

const sizes = [
  0, 1, 7, 8, 64, 511, 512, 4095, 4096, 4097, 8192, 12_288, 16_384, 65_536, 262_144, 1_048_576,
  2_097_152,
];
const huge = [
  2 ** 31,
  2 ** 32,
  2 ** 41,
  2 ** 43,
  2 ** 44 - 4096,
  2 ** 44,
  2 ** 53 - 4096,
  Number.MAX_SAFE_INTEGER,
];
const names = ['a', 'b', 'c', 'd', '~', '-.-', 'x'.repeat(255)];
const owners = ['nic', 'disk', 'é', 'o'.repeat(128)];

/** `oddly` of ten numbers are far away from anything that is there. */
export function argumentsOf(schema: JsonSchema, chance: Prng, oddly = 1): Record<string, unknown> {
  return objectOf(schema, chance, oddly);
}

function objectOf(schema: JsonSchema, chance: Prng, oddly: number): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = new Set((schema.required ?? []) as string[]);
  const chosen = Object.entries(properties).filter(
    ([name]) => required.has(name) || chance.oneIn(3),
  );
  return Object.fromEntries(chosen.map(([name, one]) => [name, drawn(one, name, chance, oddly)]));
}

function drawn(schema: JsonSchema, field: string, chance: Prng, oddly: number): unknown {
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return chance.pick(schema.enum);
  const branches = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (branches !== undefined) return drawn(chance.pick(branches), field, chance, oddly);
  switch (schema.type) {
    case 'boolean':
      return chance.oneIn(2);
    case 'integer':
    case 'number':
      return numberOf(schema, field, chance, oddly);
    case 'array':
      return Array.from({ length: 1 + chance.below(3) }, () =>
        drawn((schema.items ?? {}) as JsonSchema, field, chance, oddly),
      );
    case 'object':
      return objectOf(schema, chance, oddly);
    case 'null':
      return null;
    default:
      return field === 'owner' ? chance.pick(owners) : chance.pick(names);
  }
}

function numberOf(
  { minimum, maximum, exclusiveMinimum }: JsonSchema,
  field: string,
  chance: Prng,
  oddly: number,
): number {
  const least = Math.max(Number(minimum ?? 0), Number(exclusiveMinimum ?? -1) + 1, 0);
  const most = Math.min(Number(maximum ?? Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  const within = (n: number) => Math.min(most, Math.max(least, n));
  if (chance.below(10) < oddly) return within(chance.pick([...huge, least, most]));
  if (/Ms$|^ms$/.test(field)) return within(chance.pick([0, 1, 10, 1000, 60_000]));
  // Most of what is done is done to a few whole pages.
  if (chance.oneIn(2)) return within(4096 * chance.below(16));
  return within(chance.pick(sizes));
}
