// The yardstick: a Fastify that parses the same requests and sends answers of the same shape, and does nothing in between. The answers come
// as JSON in the environment; a number is so many bytes.
import { fastify } from 'fastify';
import type { Canned } from './scenario.ts';

function schemaOf(value: unknown): object {
  if (value === null) return { type: 'null' };
  if (Array.isArray(value)) return { type: 'array', items: schemaOf(value[0] ?? '') };
  if (typeof value !== 'object') return { type: typeof value === 'number' ? 'integer' : typeof value };
  return { type: 'object', properties: Object.fromEntries(Object.entries(value).map(([key, v]) => [key, schemaOf(v)])) };
}

const app = fastify();
app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
for (const { method, url, status, reply } of JSON.parse(process.env.BARE ?? '[]') as Canned[]) {
  if (typeof reply === 'number') {
    const bytes = Buffer.alloc(reply);
    app.route({ method, url, handler: async (_request, to) => to.code(status).type('application/octet-stream').send(bytes) });
    continue;
  }
  const schema = { response: { [status]: schemaOf(reply) } };
  app.route({ method, url, schema, handler: async (_request, to) => to.code(status).send(reply) });
}
const url = await app.listen({ port: 0 });
process.stdout.write(`${JSON.stringify({ msg: 'listening', url })}\n`);
