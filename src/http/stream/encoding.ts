// The forms in which a stream says the same things: one JSON message a WebSocket frame, one
// CloudEvent a frame, server-sent events, or lines.
import { randomUUID } from 'node:crypto';
import { typePrefix } from './envelope.ts';
import type { Closing, ServerMessage } from './messages.ts';
import { closings } from './messages.ts';

export interface Encoding {
  /** Equal for encodings that give the same bytes. */
  key: string;
  /** Events of whole commands, each already serialised, for the subscription `id`. */
  events(id: string, cursor: string, events: readonly string[]): string[];
  message(message: ServerMessage): string;
  /** The bytes of a message on the wire, made once for all who get it. */
  pack(text: string): Buffer;
}

/**
 * A text frame of a server (RFC 6455 §5.2), without a mask. `Sender.frame` of ws gives head and body
 * apart, because it sends them apart. Joined to one buffer for all readers, its frame costs 1.6 to
 * 2.4 times as much as this one (400 bytes to 64 KiB).
 */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = 0x81;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head);
  return frame;
}

const messageOfEvents = (id: string, cursor: string, events: readonly string[]): string =>
  `{"type":"event","id":${JSON.stringify(id)},"cursor":"${cursor}","events":[${events.join(',')}]}`;

export const json: Encoding = {
  key: 'json',
  events: (id, cursor, events) => [messageOfEvents(id, cursor, events)],
  message: (message) => JSON.stringify(message),
  pack: textFrame,
};

/**
 * The `cloudevents.json` subprotocol knows single events only: each is a message, and so is what
 * else there is to say. A cut may fall inside a command; the id of the last event says where.
 */
const cloudEvents: Encoding = {
  key: 'cloudevents',
  events: (id, _cursor, events) =>
    events.map((event) => `${event.slice(0, -1)},"subscription":${JSON.stringify(id)}}`),
  message: (message) =>
    JSON.stringify({
      specversion: '1.0',
      id: randomUUID(),
      source: '/v1/events',
      type: `${typePrefix}stream.${message.type}`,
      datacontenttype: 'application/json',
      data: message,
    }),
  pack: textFrame,
};

/** What a WebSocket may ask for; the first where it asks for none. */
export const subprotocols = {
  'pinhole.events.v1+json': json,
  'cloudevents.json': cloudEvents,
} as const;

export const lines: Encoding = {
  key: 'lines',
  events: (id, cursor, events) => [`${messageOfEvents(id, cursor, events)}\n`],
  message: (message) => `${JSON.stringify(message)}\n`,
  pack: (text) => Buffer.from(text),
};

/** A message is dispatched whole or not at all, so its id is never that of half a command. */
export const serverSent: Encoding = {
  key: 'sse',
  events: (id, cursor, events) => [
    `id: ${cursor}\ndata: ${messageOfEvents(id, cursor, events)}\n\n`,
  ],
  message(message) {
    // A browser that comes back after a gap goes on with what there is.
    const cursor =
      'cursor' in message ? message.cursor : 'oldest' in message ? message.oldest : null;
    return `event: ${message.type}\n${cursor === null ? '' : `id: ${cursor}\n`}data: ${JSON.stringify(message)}\n\n`;
  },
  pack: (text) => Buffer.from(text),
};

/** What a close frame says, where there are no close frames. */
export const closeOf = (reason: Closing): ServerMessage => ({
  type: 'close',
  code: closings[reason].code,
  reason,
});
