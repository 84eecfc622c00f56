// Exports a range of events as a file for other programs.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EventRecord, EventRing } from '../../engine/event-ring.ts';
import type { AppContext } from '../app-context.ts';
import { HttpProblem } from '../problem.ts';
import { oldestCursor, placeOf } from '../stream/cursor.ts';
import { zFrom } from '../stream/messages.ts';
import { hostedOf } from '../target.ts';
import { Ftrace } from '../trace/ftrace.ts';
import { Perfetto } from '../trace/perfetto.ts';
import { contractOf, type Handling, queryParserOf, type Route } from './define.ts';

const zTraceQuery = z.strictObject({
  format: z
    .enum(['perfetto', 'ftrace'])
    .default('perfetto')
    .describe('JSON in Chrome format for Perfetto, or ftrace text.'),
  from: zFrom
    .default('oldest')
    .describe('The range begins after this cursor; `oldest` begins with the oldest stored event.'),
  to: zFrom.default('now').describe('The last event of the range.'),
});

const traceTypes = { perfetto: 'application/json', ftrace: 'text/plain' } as const;

const zPerfetto = z
  .object({
    traceEvents: z
      .array(z.looseObject({ ph: z.string().describe('The phase of the event: `X`, `i`, `M`.') }))
      .describe('Events of the trace.'),
    displayTimeUnit: z.literal('ms').describe('How Perfetto shows times.'),
  })
  .describe("The object form of Chrome's trace format.");

type TraceRecord = Pick<EventRecord, 'event'>;

interface Writer {
  add(record: TraceRecord): string;
  end(): string;
}

/** How many events are written before the event loop serves other callbacks. */
const sliceEvents = 512;

/** Ends early if the log discards events before the client has read them. */
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
    yield records.map((record) => writer.add(record)).join('');
    next = read.nextSeq;
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield writer.end();
}

const contract = contractOf({
  name: 'trace',
  url: '/v1/filesystems/:fs/trace',
  scope: 'read',
  tag: 'filesystem',
  summary: 'Export a range of events for other tools',
  doc: 'A trace for Perfetto, or ftrace text with the names and fields of the Linux tracepoints.',
  query: zTraceQuery,
  answers: [
    {
      status: 200,
      doc: 'The file.',
      content: { [traceTypes.perfetto]: zPerfetto, [traceTypes.ftrace]: 'text' },
    },
  ],
  problems: ['gap'],
});

function handlingOf({ engine }: AppContext): Handling {
  const queryOf = queryParserOf(zTraceQuery);
  const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const fs = hostedOf(engine, request);
    const { kernel, ring, name } = fs;
    if (ring.unreadable) fs.requireRunning();
    const { format, from, to } = queryOf(request);
    const [first, end] = [placeOf(ring, from), placeOf(ring, to)];
    if (first === null || end === null) {
      throw new HttpProblem(
        'gap',
        'The events after this cursor are no longer available; continue reading from `oldest`.',
        {
          oldest: oldestCursor(ring),
        },
      );
    }
    const writer = format === 'perfetto' ? new Perfetto(name) : new Ftrace(kernel);
    const file = `${name}.${format === 'perfetto' ? 'json' : 'txt'}`;
    return reply
      .header('content-type', `${traceTypes[format]}; charset=utf-8`)
      .header('content-disposition', `attachment; filename="${file}"`)
      .send(Readable.from(written(ring, first, end, writer)));
  };
  return { handler };
}

export const traceRoute: Route = { contracts: [contract], handle: handlingOf };
