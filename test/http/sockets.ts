// Raw connections, for requests that no HTTP client sends.
import { connect, type Socket } from 'node:net';
import type { Service } from './start.ts';

export async function portOf(service: Service): Promise<number> {
  await service.app.listen({ host: '127.0.0.1', port: 0 });
  const address = service.app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  json: any;
}

/** One message behind the other, each with a Content-Length or without a body. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest.startsWith('HTTP/1.1 ')) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) break;
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(first.slice(9, 12));
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const length = status === 304 || status < 200 ? 0 : Number(headers['content-length'] ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    const json =
      /[/+]json/.test(headers['content-type'] ?? '') && body !== '' ? JSON.parse(body) : null;
    answers.push({ status, headers, body, json });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}

/** What comes until the server closes, or until nothing has come for `ms`. */
export function talk(
  port: number,
  text: string | Buffer,
  ms = 3000,
  host = '127.0.0.1',
): Promise<RawAnswer[]> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, host, () =>
      socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
    );
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answersIn(got));
    };
    const timer = setTimeout(end, ms);
    socket.on('data', (data) => {
      got += data.toString('latin1');
      timer.refresh();
    });
    socket.on('close', end).on('error', end);
  });
}

export function message(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body: object | string = '',
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all: Record<string, string> = {
    Host: 'localhost',
    ...(typeof body === 'string' ? {} : { 'Content-Type': 'application/json' }),
    ...(text === '' ? {} : { 'Content-Length': String(Buffer.byteLength(text)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}

export const last = { Connection: 'close' };
export const bytes = { 'Content-Type': 'application/octet-stream' };

/** A client that never closes its side. */
export function clinging(port: number, text = ''): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
    if (text !== '') socket.write(text, 'latin1');
  });
  socket.on('error', () => {}).on('data', () => {});
  return socket;
}
