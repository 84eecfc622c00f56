// -o json of the commands that no other test asks for it: a schema of the OpenAPI document, or a
// shape of docs/command-json.md.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { serving } from './command.ts';

const root = join(import.meta.dirname, '../..');
const document = JSON.parse(readFileSync(join(root, 'openapi/openapi.json'), 'utf8'));
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'openapi');
const schema = (name: string) => ({ $ref: `openapi#/components/schemas/${name}` });

const folder = mkdtempSync(join(tmpdir(), 'pinhole-json-'));
const script = join(folder, 'one.script');
const bundle = join(folder, 'first.bundle');

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  writeFileSync(script, '> mkfs a 1048576 clock=manual\n> create a 8192\n');
  server = await serving();
  await server.must('story play S01 --strategy wait-for-refs --verdict deadlock --fs s01');
  await server.must(['bundle', 'save', '--fs', 's01', '--file', bundle]);
});
afterAll(() => server.close());

const zList = (item: z.ZodType) => z.strictObject({ items: z.array(item).min(1) });
const zErrno = z.strictObject({
  errno: z.string(),
  number: z.int(),
  message: z.string(),
  text: z.string(),
  status: z.int(),
  rules: z.array(z.string()),
});
const zFound = z.strictObject({
  check: z.string(),
  state: z.enum(['ok', 'note', 'wrong']),
  text: z.string(),
  help: z.string().optional(),
});
const zLine = z.strictObject({
  command: z.string(),
  ending: z.enum(['done', 'refused', 'killed', 'usage', 'quit']),
  out: z.array(z.string()),
  err: z.array(z.string()),
});
const zPlayed = z.strictObject({
  command: z.looseObject({ op: z.string() }),
  events: z.array(z.looseObject({ seq: z.int(), type: z.string(), data: z.unknown() })),
  replies: z.array(z.strictObject({ task: z.int(), outcome: z.looseObject({ ok: z.boolean() }) })),
});
const zMeasured = z.strictObject({
  scenario: z.string(),
  requests: z.int(),
  requestsPerSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});
const zTold = z.looseObject({ id: z.string(), title: z.string(), text: z.string() });

/** The name of a schema of the OpenAPI document, or a shape of docs/command-json.md. */
const rows: [words: string, shape: z.ZodType | string][] = [
  ['explain op_6 --fs s01', 'Explanation'],
  ['graph --fs s01', 'WaitGraph'],
  ['story ls', 'Stories'],
  ['story play S01', zTold],
  ['story play S01 --strategy all', zTold],
  ['compare S01 --strategy none --strategy refuse', 'Comparison'],
  [`bundle load ${bundle} again`, 'Filesystem'],
  ['rule', 'Rules'],
  ['rule GP2', 'Rule'],
  ['errno', zList(zErrno)],
  ['errno EIO', zErrno],
  ['events --fs s01 -n 3', 'items of Event'],
  [`play ${script}`, zList(zPlayed)],
  ['xfs_io f', zList(zLine)],
  ['bench --time 20ms --connections 1', zList(zMeasured)],
  ['open --print', z.strictObject({ url: z.url(), opened: z.literal(false) })],
];

it.each(rows)('pinhole %s', async (words, shape) => {
  const { json } = await server.must(`${words} -o json`, { stdin: 'pwrite 0 4k\nstat\n' });
  if (shape === 'items of Event') {
    expect(json.items).toHaveLength(3);
    for (const event of json.items) expect(ajv.validate(schema('Event'), event)).toBe(true);
    return;
  }
  if (typeof shape === 'string') {
    const isValid = ajv.validate(schema(shape), json);
    expect({ json, errors: isValid ? null : ajv.errors }).toMatchObject({ errors: null });
  } else shape.parse(json);
});

it('pinhole doctor, which ends with 1 where something is wrong', async () => {
  const { json } = await server.run('doctor -o json');
  zList(zFound).parse(json);
});

it('pinhole trace prints the trace itself', async () => {
  const { json } = await server.must('trace --fs s01 -o json');
  expect(json.traceEvents.length).toBeGreaterThan(3);
});

it('each shape is documented', () => {
  const text = readFileSync(join(root, 'docs/command-json.md'), 'utf8');
  for (const [words, shape] of rows) {
    const command = /^(story \w+|bundle \w+|\w+)/.exec(words)?.[0];
    expect(text).toContain(`\`pinhole ${command}\``);
    if (typeof shape === 'string') expect(text).toContain(shape.replace('items of ', ''));
  }
});
