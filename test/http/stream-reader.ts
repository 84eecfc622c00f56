// A client of the event stream that records the messages it gets.
import { WebSocket } from 'ws';
import type { Service } from './start.ts';

export interface CloudEvent {
  specversion: string;
  id: string;
  source: string;
  type: string;
  subject?: string;
  time: string;
  datacontenttype: string;
  data: Record<string, unknown>;
  seq: number;
  epoch: string;
  operation?: string;
  op?: string;
}

export interface StreamFrame {
  type: 'ack' | 'event' | 'bookmark' | 'gap' | 'error' | 'stopped' | 'pong';
  id?: string;
  cursor?: string;
  oldest?: string;
  events?: CloudEvent[];
  filesystem?: string;
  problem?: { type: string; status: number; detail: string };
}

export class Reader {
  readonly socket: WebSocket;
  readonly frames: StreamFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #wanted: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)) as StreamFrame);
      for (const look of [...this.#wanted]) look();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  events(id?: string): CloudEvent[] {
    return this.frames.flatMap((frame) =>
      id === undefined || frame.id === id ? (frame.events ?? []) : [],
    );
  }

  types(id?: string): string[] {
    return this.events(id).map(({ type }) => type);
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves when it holds, with what it gave; rejects after five seconds. */
  until<T>(found: () => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#wanted.splice(this.#wanted.indexOf(look), 1);
        clearTimeout(late);
      };
      const look = () => {
        const value = found();
        if (value === undefined || value === false) return;
        done();
        resolve(value);
      };
      const late = setTimeout(() => {
        done();
        reject(new Error(`not in time; the last frames: ${JSON.stringify(this.frames.slice(-3))}`));
      }, 5000);
      this.#wanted.push(look);
      look();
    });
  }

  frame(type: StreamFrame['type'], id?: string): Promise<StreamFrame> {
    return this.until(() =>
      this.frames.find((one) => one.type === type && (id === undefined || one.id === id)),
    );
  }

  saw(type: string, id?: string): Promise<CloudEvent> {
    return this.until(() => this.events(id).find((event) => event.type === type));
  }

  close(): Promise<{ code: number; reason: string }> {
    this.socket.close();
    return this.closed;
  }
}

export interface OpenOptions {
  token?: string;
  headers?: Record<string, string>;
  autoPong?: boolean;
}

/** `http://127.0.0.1:…` */
export async function listen(service: Service): Promise<string> {
  return service.app.listen({ host: '127.0.0.1', port: 0 });
}

function connect(
  base: string,
  path: string,
  { token, headers = {}, autoPong = true }: OpenOptions,
): WebSocket {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new WebSocket(`${base.replace('http', 'ws')}${path}`, {
    headers: { ...authorization, ...headers },
    autoPong,
  });
}

export function open(base: string, path: string, options: OpenOptions = {}): Promise<Reader> {
  const socket = connect(base, path, options);
  const reader = new Reader(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(reader));
    socket.once('error', reject);
  });
}

/** What HTTP answers instead of the upgrade. */
export function refused(
  base: string,
  path: string,
  options: OpenOptions = {},
): Promise<{ status: number; type: string }> {
  const socket = connect(base, path, options);
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('it was upgraded')));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: (JSON.parse(text) as { type: string }).type,
        }),
      );
    });
  });
}
