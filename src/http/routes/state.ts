// One consistent snapshot of a filesystem: several views at one cursor. A client that watches reads
// it once and then follows the event stream from that cursor.
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import { zCount } from '../../kernel/units.ts';
import {
  type PartName,
  type PartRead,
  partNames,
  partsByDefault,
  recordsMax,
  stateParts,
} from '../../kernel/views/state.ts';
import type { AppContext } from '../app-context.ts';
import { etagOfFilesystem, isNotModified } from '../conditional.ts';
import { jsonType } from '../contract.ts';
import { withContentLink } from '../operation-record.ts';
import { type Serialize, serializerOf } from '../schema.ts';
import { cursorNow, zCursor } from '../stream/cursor.ts';
import { hostedOf } from '../target.ts';
import { contractOf, type Handling, queryParserOf, type Route } from './define.ts';

const namesIn = (parts: string): string[] => parts.split(',').map((name) => name.trim());
const isPart = (name: string): name is PartName => Object.hasOwn(stateParts, name);

const zStateQuery = z.strictObject({
  parts: z
    .string()
    .max(256)
    .default(partsByDefault.join(','))
    .refine(
      (parts) => namesIn(parts).every(isPart),
      `must be a comma-separated list of parts, which are ${partNames.join(', ')}`,
    )
    .describe(`Comma-separated names of parts: ${partNames.join(', ')}.`),
});

const zTruncated = z
  .array(
    z.object({
      part: z.enum(partNames as [PartName, ...PartName[]]).describe('The part that is cut.'),
      shown: zCount.describe('How many records it has here.'),
      total: zCount.describe('How many records there are.'),
      list: z.string().describe('The URL of the list that has the others, each with its cursor.'),
    }),
  )
  .describe(`Parts that have more than ${recordsMax} records. Empty if the snapshot is complete.`);

const zParts = Object.fromEntries(
  partNames.map((name) => [
    name,
    stateParts[name].result.optional().describe(stateParts[name].doc),
  ]),
) as Record<PartName, z.ZodOptional<z.ZodType>>;

const zState = z.object({ cursor: zCursor, ...zParts, truncated: zTruncated });

const contract = contractOf({
  name: 'get-state',
  url: '/v1/filesystems/:fs/state',
  scope: 'read',
  tag: 'filesystem',
  summary: 'One consistent snapshot of a filesystem',
  doc:
    'All parts are read at the same cursor, so the events after it lead from this snapshot to ' +
    'any later one. Each part has the records of its list; files include those that were ' +
    `unlinked (nlink 0). A part has at most ${recordsMax} records: of operations first those that ` +
    'run or sleep, then the newest that have ended. `truncated` names the parts that were cut, ' +
    'with the number of their records. Without `parts`: ' +
    `${partsByDefault.join(', ')}. The ETag is that of the filesystem; ages such as heldMs are ` +
    'those at the time of the request.',
  query: zStateQuery,
  answers: [
    { status: 200, doc: 'The current state.', content: { [jsonType]: zState } },
    { status: 304, doc: 'Not modified: an ETag in If-None-Match matches.' },
  ],
  conditions: 'answer',
  etag: true,
});

/** How long the parts may be read before other callbacks run. */
const sliceMs = 2;
/** How often the reading begins again because a command came in between. */
const attemptsMax = 3;

interface Snapshot {
  fs: HostedFilesystem;
  cursor: string;
  etag: string;
  reads: [PartName, PartRead][];
}

/**
 * Reads all parts at the same cursor: in several turns of the event loop if they take long and no
 * command comes in between, else in one.
 */
async function snapshotOf(
  { engine }: AppContext,
  request: FastifyRequest,
  names: readonly PartName[],
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt += 1) {
    // Looked up again, because it can be unmounted in between.
    const fs = hostedOf(engine, request);
    fs.requireRunning();
    const { seq } = fs.kernel;
    const nowMs = fs.nowMs();
    const reads: [PartName, PartRead][] = [];
    let since = performance.now();
    for (const name of names) {
      if (attempt < attemptsMax && performance.now() - since > sliceMs) {
        await setImmediate();
        since = performance.now();
        if (fs.kernel.seq !== seq || fs.stopped !== null) break;
      }
      reads.push([name, stateParts[name].read(fs.kernel, nowMs)]);
    }
    if (reads.length === names.length)
      return { fs, cursor: cursorNow(fs.ring), etag: etagOfFilesystem(fs), reads };
  }
}

function truncatedOf({ name }: HostedFilesystem, reads: readonly [PartName, PartRead][]) {
  return reads.flatMap(([part, { value, more }]) => {
    if (more === undefined) return [];
    const { total, list } = more;
    return [
      { part, shown: (value as unknown[]).length, total, list: `/v1/filesystems/${name}/${list}` },
    ];
  });
}

function handlingOf(context: AppContext): Handling {
  const queryOf = queryParserOf(zStateQuery);
  const toJson = Object.fromEntries(
    partNames.map((name) => [
      name,
      serializerOf(z.object({ [name]: stateParts[name].result }), context),
    ]),
  ) as Record<PartName, Serialize>;
  const restToJson = serializerOf(zState.pick({ cursor: true, truncated: true }), context);

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const names = new Set(namesIn(queryOf(request).parts).filter(isPart));
    const now = hostedOf(context.engine, request);
    now.requireRunning();
    const current = etagOfFilesystem(now);
    if (isNotModified(request, current)) return reply.header('etag', current).code(304).send();
    const { fs, cursor, etag, reads } = await snapshotOf(context, request, [...names]);
    reply.header('etag', etag);
    const rest = { cursor, truncated: truncatedOf(fs, reads) };
    // The records are copies, so the machine may go on while they are written; each part takes a
    // turn of the event loop, because all of them together take too long for one.
    const written = [membersOf(restToJson(reply, rest))];
    for (const [name, { value }] of reads) {
      await setImmediate();
      const shown =
        name === 'operations'
          ? (value as unknown[]).map((record) => withContentLink(fs, record))
          : value;
      written.push(membersOf(toJson[name](reply, { [name]: shown })));
    }
    return reply
      .header('content-type', `${jsonType}; charset=utf-8`)
      .send(`{${written.join(',')}}`);
  };
  return { handler };
}

/** The members of a JSON object that has some. */
const membersOf = (json: string): string => json.slice(1, -1);

export const stateRoute: Route = { contracts: [contract], handle: handlingOf };
