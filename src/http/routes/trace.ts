// A recorded span of events as a file for other tools.
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { EventRing } from '../../engine/event-ring.ts';
import type { KernelEvent } from '../../kernel/events.ts';
import type { AppContext } from '../app-context.ts';
import { HttpProblem } from '../problem.ts';
import { coerce, coercionsOf, parse } from '../schema.ts';
import { oldestCursor, placeOf } from '../stream/cursor.ts';
import { zFrom } from '../stream/messages.ts';
import { hostedOf } from '../target.ts';
import { Ftrace } from '../trace/ftrace.ts';
import { Perfetto } from '../trace/perfetto.ts';

export const zTraceQuery = z.strictObject({
  format: z
    .enum(['perfetto', 'ftrace'])
    .default('perfetto')
    .describe('Chrome JSON for Perfetto, or the text of ftrace.'),
  from: zFrom
    .default('oldest')
    .describe('The span begins behind this cursor; `oldest` is all that is kept.'),
  to: zFrom.default('now').describe('It ends with this event.'),
});
const coercions = coercionsOf(zTraceQuery);

export const traceTypes = { perfetto: 'application/json', ftrace: 'text/plain' } as const;

interface Writer {
  add(event: KernelEvent, last: boolean): string;
  end(): string;
}

/** Events that are written before others have their turn. */
const sliceEvents = 512;

/** Ends early where the log moves on faster than somebody takes it. */
async function* written(
  ring: EventRing,
  from: number,
  to: number,
  writer: Writer,
): AsyncGenerator<string> {
  let next = from;
  while (next < to) {
    const read = ring.read(next, Math.min(sliceEvents, to - next));
    if (read.kind === 'gap') break;
    const records = read.records.slice(0, to - next);
    yield records.map(({ event, last }) => writer.add(event, last)).join('');
    next = read.nextSeq;
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield writer.end();
}

export function traceRoute(app: FastifyInstance, { engine }: AppContext): void {
  app.get('/v1/filesystems/:fs/trace', { config: { scope: 'read' } }, (request, reply) => {
    const fs = hostedOf(engine, request);
    const { kernel, ring, name } = fs;
    if (ring.unreadable) fs.requireRunning();
    const { format, from, to } = parse(
      zTraceQuery,
      coerce(request.query as Record<string, unknown>, coercions),
    );
    const [first, end] = [placeOf(ring, from), placeOf(ring, to)];
    if (first === null || end === null) {
      throw new HttpProblem(
        'gap',
        'The events after this cursor are no longer available; read on from `oldest`.',
        {
          oldest: oldestCursor(ring),
        },
      );
    }
    const writer = format === 'perfetto' ? new Perfetto(name) : new Ftrace(kernel);
    const file = `${name}.${format === 'perfetto' ? 'json' : 'txt'}`;
    reply
      .header('content-type', `${traceTypes[format]}; charset=utf-8`)
      .header('content-disposition', `attachment; filename="${file}"`);
    return reply.send(Readable.from(written(ring, first, end, writer)));
  });
}
