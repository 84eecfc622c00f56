// What the two sides of an event stream say to each other, each message one text frame of JSON, and
// the codes with which the server closes.
import { z } from 'zod';
import type { Problem } from '../problem.ts';
import { cursorForm } from './cursor.ts';
import { zFilter } from './filter.ts';

export const zFrom = z
  .union([
    z.enum(['now', 'oldest']),
    z.string().regex(cursorForm, 'must be now, oldest or a cursor'),
  ])
  .describe(
    'now, oldest, or a cursor: the id of the last event that is already known; reading goes on behind it.',
  );

const zId = z
  .string()
  .min(1)
  .max(64)
  .describe('Chosen by the client; every message about the subscription carries it.');

export const clientMessages = {
  subscribe: z.strictObject({
    type: z.literal('subscribe'),
    id: zId,
    from: zFrom.default('now'),
    filter: zFilter.optional(),
  }),
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), id: zId }),
  ping: z.strictObject({ type: z.literal('ping'), id: zId.optional() }),
};

export const zClientMessage = z.discriminatedUnion('type', [
  clientMessages.subscribe,
  clientMessages.unsubscribe,
  clientMessages.ping,
]);

export type Subscribe = z.infer<typeof clientMessages.subscribe>;
export type ClientMessage = z.infer<typeof zClientMessage>;

/** Why the server closes, and the word for it in the metrics. */
export const closings = {
  done: { code: 1000, doc: 'All that was asked for was sent.' },
  policy: { code: 1008, doc: 'More messages in a second than one connection may send.' },
  busy: {
    code: 1013,
    doc: 'All streams of the server have as many subscriptions as they may have; try again later.',
  },
  stopped: {
    code: 1013,
    doc: 'The filesystem serves no more, and everything before that was sent; try again after a restart.',
  },
  restart: { code: 1012, doc: 'The server stops; come back with the last cursor.' },
  'bad-message': { code: 4400, doc: 'A message of the client is not one of the protocol.' },
  unauthorized: { code: 4401, doc: 'The token expired or was revoked.' },
  forbidden: {
    code: 4403,
    doc: 'The ticket is for another stream, or for a page of another origin.',
  },
  gone: {
    code: 4404,
    doc: 'The filesystem or the tenant was removed, and everything before that was sent.',
  },
  heartbeat: { code: 4408, doc: 'Two pings in a row were not answered.' },
  gap: { code: 4410, doc: 'The events behind the cursor are not kept any more.' },
  'slow-reader': { code: 4413, doc: 'The reader fell behind the oldest event kept.' },
  'too-many': { code: 4429, doc: 'The connection has as many subscriptions as one may have.' },
  internal: { code: 1011, doc: 'The server failed.' },
} as const;

export type Closing = keyof typeof closings;

const zCursor = z.string().regex(cursorForm).describe('`<epoch>.<seq>`: what to come back with.');

/** All but `event`, which the feed writes by itself. */
export const serverMessages = {
  ack: z
    .object({ type: z.literal('ack'), id: zId, cursor: zCursor })
    .describe('The subscription begins, or ends, behind this position.'),
  bookmark: z
    .object({ type: z.literal('bookmark'), id: zId, cursor: zCursor })
    .describe('Nothing was missed up to this position; the filter hid what lies between.'),
  gap: z
    .object({ type: z.literal('gap'), id: zId, oldest: zCursor })
    .describe("Events between the reader's position and `oldest` are gone."),
  error: z
    .object({
      type: z.literal('error'),
      id: zId.optional(),
      problem: z.custom<Problem>().describe('As HTTP would answer it (RFC 9457).'),
    })
    .describe('What is wrong; the end follows.'),
  stopped: z
    .object({
      type: z.literal('stopped'),
      id: zId,
      filesystem: z.string(),
      cursor: zCursor,
      problem: z.custom<Problem>().describe('As HTTP would answer it (RFC 9457).'),
    })
    .describe(
      'In the stream of a tenant: a filesystem serves no more, and all that it had to tell stands before this position. Said once to each subscription, also to one that comes later; the stream goes on.',
    ),
  pong: z.object({ type: z.literal('pong'), id: zId.optional() }).describe('The answer to a ping.'),
  close: z
    .object({ type: z.literal('close'), code: z.int(), reason: z.string() })
    .describe('The end, where there are no close frames.'),
};

export type ServerMessage = {
  [T in keyof typeof serverMessages]: z.infer<(typeof serverMessages)[T]>;
}[keyof typeof serverMessages];

/** Everything that can stand in the metrics as the reason of a disconnect. */
const endings = ['client', 'lost', 'message-too-large', 'protocol-error'] as const;
export type DisconnectReason = Closing | (typeof endings)[number];
export const disconnectReasons: readonly DisconnectReason[] = [
  ...(Object.keys(closings) as Closing[]),
  ...endings,
];

/** For closes that the server did not begin. */
export function reasonOf(code: number): DisconnectReason {
  return code === 1006 ? 'lost' : 'client';
}

/** For breaches of the protocol that ws found; null for a connection that broke. */
export function reasonOfError(error: NodeJS.ErrnoException): DisconnectReason | null {
  if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'message-too-large';
  return error.code?.startsWith('WS_ERR_') === true ? 'protocol-error' : null;
}
