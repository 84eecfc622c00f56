// The comparison server: a Fastify that parses the same requests, sends answers of the same shape,
// and does nothing else. The answers are passed as JSON in the environment; a number means that
// many bytes. With BARE_JOURNAL, a folder, it stores every request in a LevelDB before it answers,
// with group commit.
import { ClassicLevel } from 'classic-level';
import { fastify } from 'fastify';
import type { Canned } from './scenario.ts';

function schemaOf(value: unknown): object {
  if (value === null) return { type: 'null' };
  if (Array.isArray(value)) return { type: 'array', items: schemaOf(value[0] ?? '') };
  if (typeof value !== 'object')
    return { type: typeof value === 'number' ? 'integer' : typeof value };
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(value).map(([key, v]) => [key, schemaOf(v)])),
  };
}

/** Resolves when what it was given is on the disk. */
async function journalIn(folder: string): Promise<(record: unknown) => Promise<void>> {
  const level = new ClassicLevel(folder);
  await level.open();
  let waiting: { record: unknown; done(): void }[] = [];
  let flushing = false;
  let flushes = 0;
  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      flushes += 1;
      const records = JSON.stringify(taken.map(({ record }) => record));
      await level.batch().put(String(flushes).padStart(16, '0'), records).write({ sync: true });
      for (const { done } of taken) done();
    }
    flushing = false;
  };
  return (record) =>
    new Promise((done) => {
      waiting.push({ record, done });
      if (flushing) return;
      flushing = true;
      setImmediate(() => void flush());
    });
}

const { BARE = '[]', BARE_JOURNAL } = process.env;
const keep = BARE_JOURNAL === undefined ? null : await journalIn(BARE_JOURNAL);
const app = fastify();
if (keep !== null)
  app.addHook('preHandler', async ({ method, params, body }) => keep([method, params, body]));
app.addContentTypeParser(
  'application/octet-stream',
  { parseAs: 'buffer' },
  (_request, body, done) => done(null, body),
);
for (const { method, url, status, reply } of JSON.parse(BARE) as Canned[]) {
  if (typeof reply === 'number') {
    const bytes = Buffer.alloc(reply);
    app.route({
      method,
      url,
      handler: async (_request, to) => to.code(status).type('application/octet-stream').send(bytes),
    });
    continue;
  }
  const schema = { response: { [status]: schemaOf(reply) } };
  app.route({ method, url, schema, handler: async (_request, to) => to.code(status).send(reply) });
}
const url = await app.listen({ port: 0 });
process.stdout.write(`${JSON.stringify({ msg: 'listening', url })}\n`);
