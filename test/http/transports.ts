// Reads the same event log over three transports, so that every guarantee can be tested on each.
import { once } from 'node:events';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import type { CloudEvent, StreamFrame } from './stream-reader.ts';

export type Transport = 'websocket' | 'sse' | 'ndjson';
export const transports: readonly Transport[] = ['websocket', 'sse', 'ndjson'];

/** A reader that can be cut at any time. */
export interface Log {
  readonly messages: StreamFrame[];
  events(): CloudEvent[];
  /** The last position that it was told. */
  cursor(): string | undefined;
  /** Resolves when it holds; rejects after ten seconds. */
  until(holds: () => boolean): Promise<void>;
  cut(): Promise<void>;
}

interface Source {
  /** Resolves when the stream has ended. */
  over: Promise<void>;
  cut(): void;
}

type Heard = (message: StreamFrame) => void;

function webSocket(base: string, path: string, heard: Heard): Source {
  const socket = new WebSocket(`${base.replace('http', 'ws')}${path}`);
  socket.on('message', (data) => heard(JSON.parse(String(data)) as StreamFrame));
  socket.on('error', () => {});
  return { over: once(socket, 'close').then(() => {}), cut: () => socket.terminate() };
}

/**
 * An answer that can be cut, taken apart at each `end`. Resolves when it is over, one way or the
 * other.
 */
function pieces(
  url: string | URL,
  headers: Record<string, string>,
  end: string,
  take: (piece: string) => void,
): Source {
  const asked = request(url, { headers });
  const over = new Promise<void>((resolve, reject) => {
    asked.on('error', (error) => (asked.destroyed ? resolve() : reject(error)));
    asked.on('close', () => resolve());
    asked.on('response', (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('error', () => resolve());
      response.on('data', (chunk: string) => {
        const whole = (rest + chunk).split(end);
        rest = whole.pop() ?? '';
        for (const piece of whole) take(piece);
      });
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
    });
  });
  asked.end();
  return { over, cut: () => asked.destroy() };
}

/** One server-sent event; null for comments and `retry`. */
export function serverSentEvent(
  text: string,
): { event: string; id: string | undefined; data: StreamFrame } | null {
  const fields = new Map(
    text
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const data = fields.get('data');
  return data === undefined
    ? null
    : { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) };
}

function serverSent(base: string, path: string, heard: Heard): Source {
  return pieces(`${base}${path}`, { accept: 'text/event-stream' }, '\n\n', (piece) => {
    const event = serverSentEvent(piece);
    if (event !== null) heard(event.data);
  });
}

/** One poll after another, each from where the last one ended. */
function polls(base: string, path: string, heard: Heard): Source {
  const url = new URL(`${base}${path}`);
  let going = true;
  let asked: Source | null = null;
  const read = async () => {
    while (going) {
      asked = pieces(url, { accept: 'application/x-ndjson', prefer: 'wait=5' }, '\n', (piece) => {
        const message = JSON.parse(piece) as StreamFrame;
        if (message.cursor !== undefined) url.searchParams.set('from', message.cursor);
        heard(message);
      });
      await asked.over;
    }
  };
  const cut = () => {
    going = false;
    asked?.cut();
  };
  return { over: read(), cut };
}

const sources = { websocket: webSocket, sse: serverSent, ndjson: polls };

export function readLog(transport: Transport, base: string, path: string): Log {
  const messages: StreamFrame[] = [];
  const looks = new Set<() => void>();
  let ended = false;
  const source = sources[transport](base, path, (message) => {
    // What comes after the cut was not heard.
    if (ended) return;
    messages.push(message);
    for (const look of looks) look();
  });
  return {
    messages,
    events: () => messages.flatMap(({ events = [] }) => events),
    cursor: () => messages.findLast(({ cursor }) => cursor !== undefined)?.cursor,
    until: (holds) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`not in time: ${JSON.stringify(messages.slice(-3))}`)),
          10_000,
        );
        const look = () => {
          if (!holds()) return;
          clearTimeout(late);
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
    async cut() {
      ended = true;
      source.cut();
      await source.over;
    },
  };
}
