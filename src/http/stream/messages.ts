// The messages of an event stream in both directions, each one text frame of JSON, and the codes
// with which the server closes.
import { z } from 'zod';
import { zCount } from '../../kernel/units.ts';
import type { Problem } from '../problem.ts';
import { cursorForm } from './cursor.ts';
import { zFilter } from './filter.ts';

export const zFrom = z
  .union([
    z.enum(['now', 'oldest']),
    z.string().regex(cursorForm, 'must be now, oldest or a cursor'),
  ])
  .describe(
    'now, oldest, or a cursor: the id of the last event that the client knows. Reading ' +
      'continues after it.',
  );

const zId = z
  .string()
  .min(1)
  .max(64)
  .describe('Chosen by the client; every message about the subscription has it.');

export const clientMessages = {
  subscribe: z
    .strictObject({
      type: z.literal('subscribe'),
      id: zId,
      from: zFrom.default('now'),
      filter: zFilter.optional(),
    })
    .describe('Begins a subscription. A connection can have several.'),
  unsubscribe: z
    .strictObject({ type: z.literal('unsubscribe'), id: zId })
    .describe('Ends a subscription; the connection stays open.'),
  ping: z
    .strictObject({ type: z.literal('ping'), id: zId.optional() })
    .describe('Asks for a pong, for clients that cannot send ping frames.'),
};

export const zClientMessage = z.discriminatedUnion('type', [
  clientMessages.subscribe,
  clientMessages.unsubscribe,
  clientMessages.ping,
]);

export type Subscribe = z.infer<typeof clientMessages.subscribe>;
export type ClientMessage = z.infer<typeof zClientMessage>;

/** Why the server closes a stream: code, and the word for the metrics. */
export const closings = {
  done: { code: 1000, doc: 'The poll is complete.' },
  policy: { code: 1008, doc: 'The client sent more messages in a second than the limit allows.' },
  busy: {
    code: 1013,
    doc: 'The server has its maximum number of subscriptions; try again later.',
  },
  stopped: {
    code: 1013,
    doc: 'The filesystem has stopped, and all its events were sent. Try again when it is repaired.',
  },
  restart: {
    code: 1012,
    doc:
      'The server is stopping, or the filesystem moves to another node; reconnect with the last ' +
      'cursor.',
  },
  'bad-message': {
    code: 4400,
    doc: 'The client sent a message that the protocol does not define.',
  },
  unauthorized: { code: 4401, doc: 'The token expired or was revoked.' },
  forbidden: {
    code: 4403,
    doc: 'The ticket is for another stream, or for a page of another origin.',
  },
  gone: {
    code: 4404,
    doc: 'The filesystem or the tenant was removed, and all its events were sent.',
  },
  heartbeat: { code: 4408, doc: 'Two pings in a row were not answered.' },
  gap: { code: 4410, doc: 'The events after the cursor are no longer stored.' },
  'slow-reader': { code: 4413, doc: 'The client fell behind the oldest stored event.' },
  'too-many': { code: 4429, doc: 'The connection has its maximum number of subscriptions.' },
  internal: { code: 1011, doc: 'The server failed.' },
} as const;

export type Closing = keyof typeof closings;

const zCursor = z
  .string()
  .regex(cursorForm)
  .describe('`<epoch>.<seq>`: the cursor with which to reconnect.');

/** All messages of the server except `event`, which the feed writes itself. */
export const serverMessages = {
  ack: z
    .object({ type: z.literal('ack'), id: zId, cursor: zCursor })
    .describe('The subscription begins, or ended, after this position.'),
  bookmark: z
    .object({ type: z.literal('bookmark'), id: zId, cursor: zCursor })
    .describe(
      'The reader has everything up to this position; the filter hid all events since the last ' +
        'message.',
    ),
  gap: z
    .object({ type: z.literal('gap'), id: zId, oldest: zCursor })
    .describe('Events between the position of the reader and `oldest` are no longer stored.'),
  error: z
    .object({
      type: z.literal('error'),
      id: zId.optional(),
      problem: z.custom<Problem>().describe('The problem as HTTP would return it (RFC 9457).'),
    })
    .describe('An error; the stream closes after it.'),
  stopped: z
    .object({
      type: z.literal('stopped'),
      id: zId,
      filesystem: z.string(),
      cursor: zCursor,
      problem: z.custom<Problem>().describe('The problem as HTTP would return it (RFC 9457).'),
    })
    .describe(
      'In the stream of a tenant: a filesystem has stopped, and all its events come before ' +
        'this position. Each subscription gets this message once, including later ones. The ' +
        'stream continues.',
    ),
  pong: z.object({ type: z.literal('pong'), id: zId.optional() }).describe('The answer to a ping.'),
  close: z
    .object({ type: z.literal('close'), code: zCount, reason: z.string() })
    .describe('The end of a stream whose transport has no close frames.'),
};

export type ServerMessage = {
  [T in keyof typeof serverMessages]: z.infer<(typeof serverMessages)[T]>;
}[keyof typeof serverMessages];

/** Further reasons of a disconnect in the metrics, besides `closings`. */
const endings = ['client', 'lost', 'message-too-large', 'protocol-error'] as const;
export type DisconnectReason = Closing | (typeof endings)[number];
export const disconnectReasons: readonly DisconnectReason[] = [
  ...(Object.keys(closings) as Closing[]),
  ...endings,
];

/** The reason for a close that the client began. */
export function reasonOf(code: number): DisconnectReason {
  return code === 1006 ? 'lost' : 'client';
}

/** The reason for a protocol error that ws found; null if the connection broke. */
export function reasonOfError(error: NodeJS.ErrnoException): DisconnectReason | null {
  if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'message-too-large';
  return error.code?.startsWith('WS_ERR_') === true ? 'protocol-error' : null;
}
