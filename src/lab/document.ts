// Reads a workload from YAML or JSON, or from a value. All mistakes are reported together, each
// with its line and column and the nearest right name.
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Path, type Wrong, wrongIn } from './check.ts';
import { LabError, type Mistake } from './lab-error.ts';
import { nearest, noSuch } from './nearest.ts';
import { noSteps, stepFields, stepSchemas, type Workload, zStepOf, zWorkload } from './schema.ts';

/** A workload that was checked, and the value that it came from, which a sweep changes. */
export interface Parsed {
  workload: Workload;
  raw: unknown;
}

/** A text may have so many characters. */
export const textMax = 262_144;

/** JSON is YAML. Throws a LabError. */
export function parseWorkload(text: string): Parsed {
  if (text.length > textMax)
    throw new LabError([
      { path: '', message: `the text has ${text.length} characters; ${textMax} is the maximum` },
    ]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  });
  if (document.errors.length > 0)
    throw new LabError(
      document.errors.map(({ message, pos }): Mistake => {
        const { line, col } = lines.linePos(pos[0]);
        return { line, column: col, path: '', message: firstLine(message) };
      }),
    );
  // A short text with aliases of aliases can stand for any number of values.
  const raw: unknown = expanded(document);
  return checked(raw, (path) => {
    const offset = offsetOf(document, path);
    if (offset === null) return {};
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  });
}

function expanded(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new LabError([{ path: '', message: (error as Error).message }]);
  }
}

const firstLine = (text: string): string => text.split('\n')[0] as string;

/** A workload that was read already, from the body of a request for example. */
export const workloadOf = (raw: unknown): Parsed => checked(raw, () => ({}));

type Place = Pick<Mistake, 'line' | 'column'>;

function checked(raw: unknown, place: (path: Path) => Place): Parsed {
  const parsed = zWorkload.safeParse(raw);
  const wrong = parsed.success
    ? wrongIn(parsed.data)
    : parsed.error.issues.flatMap((issue) => wrongOf(issue, raw));
  if (!parsed.success || wrong.length > 0)
    throw new LabError(
      wrong.map(({ path, message }) => ({ ...place(path), path: path.join('.'), message })),
    );
  return { workload: parsed.data, raw };
}

/** Where the value at `path` begins, or its key, or the nearest thing around it that is there. */
function offsetOf(document: Document.Parsed, path: Path): number | null {
  for (let length = path.length; length >= 0; length--) {
    const at = path.slice(0, length);
    const name = at.at(-1);
    const parent = document.getIn(at.slice(0, -1), true) as
      | { items?: { key?: { value?: unknown; range?: [number] } }[] }
      | undefined;
    const pair = parent?.items?.find(({ key }) => key?.value === name);
    if (typeof name === 'string' && pair?.key?.range !== undefined) return pair.key.range[0];
    const node = (length === 0 ? document.contents : document.getIn(at, true)) as
      | { range?: [number] }
      | null
      | undefined;
    if (node?.range !== undefined) return node.range[0];
  }
  return null;
}

const valueAt = (raw: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, name) => (value as Record<string | number, unknown> | undefined)?.[name],
    raw,
  );

type Issue = z.core.$ZodIssue;

/** A mistake in the words of the document. `raw` is the whole document. */
function wrongOf(issue: Issue, raw: unknown): Wrong[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near === null ? '' : `; did you mean "${near}"?`;
      return { path: [...path, key], message: `there is no field "${key}" here${hint}` };
    });
  }
  if (issue.code !== 'invalid_union') return [{ path, message: sentence(issue, raw) }];
  if (isStep(path)) return wrongStep(valueAt(raw, path), path, raw);
  const branch = likeliest(issue.errors, valueAt(raw, path));
  return branch.flatMap((one) => wrongOf({ ...one, path: [...path, ...one.path] } as Issue, raw));
}

const isStep = (path: Path): boolean =>
  path.length === 4 && path[0] === 'actors' && path[2] === 'loop';

function sentence(issue: Issue, raw: unknown): string {
  const given = valueAt(raw, issue.path as Path);
  if (given === undefined && issue.path.length > 0) return 'is missing';
  if (issue.code === 'invalid_value' && typeof given === 'string')
    return noSuch('value', given, issue.values.map(String));
  return issue.message.replace(/^(Invalid input|Too small|Too big): /, '');
}

/** The step has one kind; it is checked as a step of that kind alone. */
function wrongStep(step: unknown, path: Path, raw: unknown): Wrong[] {
  const kinds = [...stepSchemas.keys()];
  const unknown = (name: string): Wrong[] => {
    const why = Object.hasOwn(noSteps, name)
      ? `${name} is no step of an actor: ${noSteps[name]}`
      : noSuch('step', name, kinds);
    return [{ path: typeof step === 'string' ? path : [...path, name], message: why }];
  };
  if (typeof step === 'string' && !stepSchemas.has(step)) return unknown(step);
  const fields = typeof step === 'string' ? { [step]: {} } : step;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return [
      {
        path,
        message: `a step is an operation with its arguments; the steps are ${kinds.join(', ')}`,
      },
    ];
  const names = Object.keys(fields).filter((key) => !stepFields.includes(key));
  const strange = names.find((key) => !stepSchemas.has(key));
  if (strange !== undefined) return unknown(strange);
  const [kind, second] = names;
  if (kind === undefined) return [{ path, message: 'the step names no operation' }];
  if (second !== undefined)
    return [
      {
        path: [...path, second],
        message: `a step has one operation; this one has ${kind} and ${second}`,
      },
    ];
  const parsed = zStepOf(kind, stepSchemas.get(kind) as z.ZodType).safeParse(fields);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((one) =>
    wrongOf({ ...one, path: [...path, ...one.path] } as Issue, raw),
  );
}

/** The branch of a union that the writer meant: one whose own field is there, else the last one. */
function likeliest(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number =>
    Math.max(...issues.map(({ path }) => path.length));
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const meant = branches.filter(
    (issues) =>
      !issues.some(
        ({ code, path }) =>
          path.length === 0 && (code === 'invalid_type' || code === 'unrecognized_keys'),
      ),
  );
  const candidates = meant.length > 0 ? meant : branches;
  const best = [...candidates].sort((a, b) => depth(b) - depth(a))[0] ?? [];
  if (meant.length > 0 || !isObject) return best;
  return [{ code: 'custom', path: [], message: distributionNames(value), input: value } as Issue];
}

const kindsOfValue = [
  'fixed',
  'uniform',
  'exponential',
  'lognormal',
  'empirical',
  'zipf',
  'time',
  'any',
];

function distributionNames(value: object): string {
  const [key = ''] = Object.keys(value);
  return kindsOfValue.includes(key)
    ? `${key} is not complete, not of the right form, or not possible here`
    : noSuch('distribution', key, kindsOfValue.slice(0, 5));
}

/** The fields that are allowed at this place. */
function knownKeys(path: Path): string[] {
  let schema: unknown = zWorkload;
  for (const part of isStep(path.slice(0, 4)) ? path.slice(4) : path) {
    if (isStep(path.slice(0, 4)) && schema === zWorkload) schema = stepSchemas.get(String(part));
    else schema = inner(schema, part);
  }
  if (isStep(path)) return stepFields;
  return Object.keys(shapeOf(schema) ?? {});
}

interface Def {
  type: string;
  shape?: Record<string, unknown>;
  innerType?: unknown;
  in?: unknown;
  valueType?: unknown;
  element?: unknown;
  options?: unknown[];
}
const defOf = (schema: unknown): Def | undefined => (schema as { def?: Def } | undefined)?.def;

/** The fields of an object, under its defaults and options. */
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  const def = defOf(schema);
  if (def === undefined) return undefined;
  if (def.shape !== undefined) return def.shape;
  // A union has the fields of all its objects.
  const shapes = [def.innerType, def.in, ...(def.options ?? [])].map(shapeOf);
  const found = shapes.filter((shape) => shape !== undefined);
  return found.length === 0 ? undefined : Object.assign({}, ...found);
}

function inner(schema: unknown, part: string | number): unknown {
  const def = defOf(schema);
  if (def === undefined) return undefined;
  if (def.type === 'record') return def.valueType;
  if (def.type === 'array') return def.element;
  const shape = shapeOf(schema);
  if (shape !== undefined) return shape[part];
  return inner(def.innerType ?? def.in, part);
}
