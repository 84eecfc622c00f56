// Once anybody listens for upgrades, Node gives up on every request that asks for any: also on `Upgrade: h2c`, which curl --http2 and Java's
// HttpClient send with ordinary requests. RFC 9110 lets a server ignore the wish, so such a request is put back without it.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

const dropped = new Set(['upgrade', 'connection', 'http2-settings']);

/** The request line and the headers that Node has read, but for those about the upgrade. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!dropped.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Call it after everybody listens who wants upgrades. */
export function ignoreForeignUpgrades(server: Server): void {
  const listeners = server.listeners('upgrade');
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request: IncomingMessage, socket: Socket, rest: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      for (const listener of listeners) listener.call(server, request, socket, rest);
      return;
    }
    // Nobody else listens for errors any more.
    const broken = () => socket.destroy();
    socket.on('error', broken);
    // Not now: the parser that found the upgrade is not done with it.
    setImmediate(() => {
      socket.removeListener('error', broken);
      if (socket.destroyed) return;
      // Pipelined behind a request that has no answer yet: there is no way back into the order of that connection.
      if ((socket as Socket & { _httpMessage?: unknown })._httpMessage) {
        socket.destroy();
        return;
      }
      // Header values are bytes to Node, one a character.
      socket.unshift(Buffer.concat([Buffer.from(headOf(request), 'latin1'), rest]));
      server.emit('connection', socket);
    });
  });
}
