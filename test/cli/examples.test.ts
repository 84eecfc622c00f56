// Every subcommand: its example runs, and `-o json` is the JSON of the API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Command } from 'commander';
import { parse as shellWords } from 'shell-quote';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { examplesOf } from '../../src/cli/lib/help.ts';
import { ioOf } from '../../src/cli/lib/io.ts';
import { viewWords } from '../../src/cli/lib/view-tables.ts';
import { operationWords } from '../../src/cli/operation-words.ts';
import { rootCommand } from '../../src/cli/run.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { views } from '../../src/kernel/views/index.ts';
import { serving } from './command.ts';
import { layOut, noting, type Seen, tokenOfExample } from './machine.ts';

const { stdin, stdout, stderr } = process;
const io = ioOf({ stdin, stdout, stderr, env: {} });
const root = await rootCommand(io, () => true);

interface Leaf {
  path: string;
  command: Command;
}

const leavesOf = (command: Command, above: readonly string[]): Leaf[] => {
  const path = [...above, command.name()];
  return command.commands.length === 0
    ? [{ path: path.join(' '), command }]
    : command.commands.flatMap((one) => leavesOf(one, path));
};
const leaves = leavesOf(root, []);

/** Subcommands with another test that runs their example. */
const elsewhere: Readonly<Record<string, string>> = {
  'pinhole serve': 'test/cli/shell-examples.test.ts',
  'pinhole repair': 'test/cli/shell-examples.test.ts',
  'pinhole replay': 'test/cli/shell-examples.test.ts',
  'pinhole completion': 'test/cli/completion.test.ts',
  'pinhole story ls': 'test/cli/shell-examples.test.ts',
  'pinhole story play': 'test/cli/shell-examples.test.ts',
  'pinhole compare': 'test/cli/shell-examples.test.ts',
  'pinhole play': 'test/cli/shell-examples.test.ts',
  'pinhole xfs_io': 'test/cli/shell-examples.test.ts',
  'pinhole rule': 'test/cli/shell-examples.test.ts',
  'pinhole errno': 'test/cli/shell-examples.test.ts',
  'pinhole bench': 'test/cli/shell-examples.test.ts',
  'pinhole bundle save': 'test/cli/shell-examples.test.ts',
  'pinhole bundle load': 'test/cli/shell-examples.test.ts',
  'pinhole explain': 'test/cli/shell-examples.test.ts',
  'pinhole graph': 'test/cli/shell-examples.test.ts',
  'pinhole events': 'test/cli/shell-examples.test.ts',
  'pinhole trace': 'test/cli/shell-examples.test.ts',
  'pinhole lab run': 'test/cli/lab.test.ts',
  'pinhole doctor': 'test/cli/shell-examples.test.ts',
  'pinhole open': 'test/cli/shell-examples.test.ts',
};
const talking = leaves.filter(({ path }) => elsewhere[path] === undefined);

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());
let tokenId = '';
beforeEach(async () => {
  tokenId = await layOut(server);
});

const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../openapi/openapi.json'), 'utf8'),
);
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'openapi');

/** The schema of an answer; null if it is no JSON. */
function schemaOf({ method, path, status }: Seen): string | null {
  const template = Object.keys(document.paths).find((one) =>
    new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  if (template === undefined) throw new Error(`no route ${path}`);
  const way = ['paths', template, method.toLowerCase(), 'responses', String(status)];
  const schema = way.reduce((value, key) => value?.[key], document)?.content?.['application/json'];
  if (schema === undefined) return null;
  const pointer = [...way, 'content', 'application/json', 'schema'];
  return `openapi#/${pointer.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
}

/** Bytes have no JSON in the API. */
const bytesSchema = {
  type: 'object',
  properties: {
    offset: { type: 'integer' },
    length: { type: 'integer' },
    base64: { type: 'string' },
  },
  required: ['offset', 'length', 'base64'],
  additionalProperties: false,
};

const wordsOf = (line: string): string[] => {
  const [program, ...words] = shellWords(line) as string[];
  expect(program).toBe('pinhole');
  return words.map((word) => (word === tokenOfExample ? tokenId : word));
};
/** Examples name the filesystem only where it matters. */
const envOf = (path: string): Record<string, string> => ({
  PINHOLE_FS: 'scratch',
  ...(/^pinhole (tenant|token)/.test(path) ? server.operator : {}),
});

/** Commands that print JSON of their own. */
const zContext = z.strictObject({
  name: z.string(),
  url: z.string(),
  inUse: z.boolean(),
  token: z.string().nullable(),
  fs: z.string().nullable(),
});
const zValue = z.union([z.number(), z.enum(['never', '-never'])]);
const zSummary = z.strictObject({
  median: zValue,
  q1: zValue,
  q3: zValue,
  low: zValue,
  high: zValue,
});
const zFigures = z.record(
  z.string(),
  zSummary.extend({ difference: zSummary.optional(), seeds: z.int().optional() }),
);
const zLab = z.strictObject({
  lab: z.int(),
  kernel: z.int(),
  name: z.string(),
  workload: z.unknown(),
  seeds: z.strictObject({ first: z.int(), count: z.int() }),
  notes: z.array(z.string()),
  points: z.array(
    z.strictObject({
      at: z.record(z.string(), z.unknown()),
      strategies: z.array(z.looseObject({ strategy: z.string(), figures: zFigures })),
    }),
  ),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});
const zPreset = z.strictObject({ name: z.string(), title: z.string(), source: z.string() });
const shapes: Readonly<Record<string, z.ZodType>> = {
  'pinhole lab run': zLab,
  'pinhole lab list': z.strictObject({ items: z.array(zPreset) }),
  'pinhole lab show': zPreset.extend({ text: z.string() }),
  'pinhole lab import': z.strictObject({
    events: z.strictObject({ begin: z.string(), end: z.string() }).nullable(),
    threads: z.int(),
    unpaired: z.strictObject({ begins: z.int(), ends: z.int() }),
    holds: z.array(z.number()),
    thinks: z.array(z.number()),
    workload: z.string(),
  }),
  'pinhole lab schema': z.looseObject({ $schema: z.string(), type: z.literal('object') }),
  'pinhole context ls': z.strictObject({ items: z.array(zContext) }),
  'pinhole context add': zContext,
  'pinhole context use': zContext,
  'pinhole context rm': zContext,
};

describe('every subcommand', () => {
  it.each(leaves)('$path has a summary and an example', ({ path, command }) => {
    expect(command.summary()).not.toBe('');
    expect(command.description()).toMatch(/\.$/);
    const examples = examplesOf(command);
    expect(examples.length).toBeGreaterThan(0);
    for (const line of examples) expect(line).toContain(path);
  });

  it.each(talking)('$path: the example runs, and prints no colour', async ({ path, command }) => {
    const env = envOf(path);
    for (const line of examplesOf(command)) {
      const { code, stderr, stdout } = await server.run(wordsOf(line), { env });
      expect({ line, code, stderr }).toMatchObject({ code: 0 });
      expect(stdout + stderr).not.toContain('\u001b');
      expect(stdout).not.toBe('');
    }
  });

  it.each(talking)(
    '$path: -o json is valid against the OpenAPI document',
    async ({ path, command }) => {
      const env = envOf(path);
      const [line = ''] = examplesOf(command);
      if (line.includes('-o ')) return;
      let json: unknown;
      const seen = await noting(async () => {
        ({ json } = await server.must([...wordsOf(line), '-o', 'json'], { env }));
      });
      const last = seen.at(-1);
      const shape = shapes[path];
      if (shape !== undefined) shape.parse(json);
      if (shape !== undefined || last === undefined) return expect(shape).toBeDefined();
      const schema = schemaOf(last);
      const isValid = ajv.validate(schema ?? bytesSchema, json);
      expect({ json, errors: isValid ? null : ajv.errors }).toMatchObject({ errors: null });
    },
  );

  it.each(talking)('$path: --curl prints a request and sends none', async ({ path, command }) => {
    const env = envOf(path);
    const [line = ''] = examplesOf(command);
    if (!command.options.some(({ long }) => long === '--curl')) return;
    const seen = await noting(async () => {
      const { stdout } = await server.must([...wordsOf(line), '--curl'], { env });
      expect(stdout).toMatch(/^(head -c .* \| )?curl .*http:\/\/127\.0\.0\.1:\d+\/[^\n]*\n$/);
    });
    expect(seen).toEqual([]);
  });
});

it('has a command for every operation and every view', () => {
  // umount is `fs rm`, and scheduler-step is `step`, which has more arguments.
  const others = ['umount', 'scheduler-step'];
  expect([...Object.keys(operationWords), ...others].sort()).toEqual([...operations.keys()].sort());
  expect(Object.keys(viewWords).sort()).toEqual([...views.keys()].sort());
});
