// Once a listener for upgrades exists, Node no longer answers any request with an Upgrade header.
// That includes `Upgrade: h2c`, which curl --http2 and Java's HttpClient send with ordinary
// requests. RFC 9110 §7.8 lets a server ignore the header, so such a request is parsed again
// without it.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Connections } from '../connections.ts';

const dropped = new Set(['upgrade', 'connection', 'http2-settings']);

/** The request line and the headers that Node has read, without those of the upgrade. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!dropped.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Whether this is a WebSocket handshake: a GET of HTTP/1.1 without a body (RFC 6455 §4.1). */
function isHandshake({ method, headers, httpVersion }: IncomingMessage): boolean {
  const bodyless =
    headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
  return (
    httpVersion === '1.1' &&
    method === 'GET' &&
    bodyless &&
    headers.upgrade?.toLowerCase() === 'websocket'
  );
}

/** Call it after all listeners for upgrades are registered. */
export function ignoreForeignUpgrades(server: Server, connections: Connections): void {
  const listeners = server.listeners('upgrade');
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request: IncomingMessage, socket: Socket, rest: Buffer) => {
    // After the upgrade Node has removed its own error listener.
    const broken = () => socket.destroy();
    socket.on('error', broken);
    const begin = () => {
      socket.removeListener('error', broken);
      if (socket.destroyed) return;
      if (isHandshake(request)) {
        if (connections.refuseUpgrade(request, socket)) socket.on('error', broken);
        else for (const listener of listeners) listener.call(server, request, socket, rest);
        return;
      }
      // Node represents each byte of a header as one character, so latin1 restores the bytes.
      socket.unshift(Buffer.concat([Buffer.from(headOf(request), 'latin1'), rest]));
      server.emit('connection', socket);
    };
    connections.inTurn(socket, () => {
      // In the next turn, because the parser that detected the upgrade is still using the request.
      if (isHandshake(request)) begin();
      else setImmediate(begin);
    });
  });
}
