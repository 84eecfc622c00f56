// Upgrades to a WebSocket: handshakes that are refused with a problem before @fastify/websocket
// sees them, and the options of the plugin.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { fastifyWebsocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppContext } from '../app-context.ts';
import { HttpProblem } from '../problem.ts';
import { requestIdOf } from '../request-id.ts';
import { subprotocols } from './encoding.ts';
import { ignoreForeignUpgrades } from './foreign-upgrade.ts';
import { closeTimeoutMs } from './wire.ts';

export const isOurs = (name: string): name is keyof typeof subprotocols =>
  Object.hasOwn(subprotocols, name);

/** The problem for a handshake that ws would refuse with an HTML page (RFC 6455 §4.2.1). */
function faultOfHandshake({ headers }: FastifyRequest): HttpProblem | null {
  const refuse = (why: string) =>
    new HttpProblem('invalid-header', why, {}, { 'sec-websocket-version': '13' });
  if (!/^[+/0-9a-z]{22}==$/i.test(headers['sec-websocket-key'] ?? ''))
    return refuse(
      'Sec-WebSocket-Key must be 16 bytes in base64; a WebSocket client sends it by itself.',
    );
  if (headers['sec-websocket-version'] !== '13')
    return refuse('Sec-WebSocket-Version must be 13, the only version that this server speaks.');
  const protocols = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
  if (
    protocols?.some((name) => !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name)) ||
    new Set(protocols).size < (protocols?.length ?? 0)
  )
    return refuse('Sec-WebSocket-Protocol must be a list of different names.');
  return null;
}

/** Call it before the routes are registered, so that its hooks see them all. */
export async function registerUpgrades(
  app: FastifyInstance,
  { config, streams }: AppContext,
): Promise<void> {
  app.decorateRequest('stream', null);
  // In a variable, because the types of ws do not have closeTimeout yet.
  const options = {
    maxPayload: config.streamMessageBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: closeTimeoutMs,
    handleProtocols: (offered: Set<string>) => [...offered].find(isOurs) ?? false,
  };
  await app.register(fastifyWebsocket, {
    options,
    errorHandler(error, socket, request) {
      // After a protocol error ws has already begun to close with the right code.
      if (socket.readyState !== socket.OPEN) return;
      request.log.error({ err: error }, 'an event stream failed');
      socket.close(1011);
    },
    preClose: () => streams.close(),
  });
  // Handshakes that ws refuses although faultOfHandshake() accepts them.
  const { connections, websocketServer } = app;
  websocketServer.on('wsClientError', (error: Error, socket: Socket, request: IncomingMessage) => {
    const why = `The WebSocket handshake is invalid: ${error.message}.`;
    connections.end(socket, connections.problem(request, ['invalid-header', why]));
  });
  // ws writes the answer to a good handshake.
  websocketServer.on('headers', (headers: string[], request: IncomingMessage) => {
    headers.push(`X-Request-Id: ${requestIdOf(request)}`);
  });
  ignoreForeignUpgrades(app.server, app.connections);
  // The plugin would accept an upgrade on every URL and close it at once where there is no stream.
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.ws) return done();
    if (request.routeOptions.config.contract?.webSocket !== true)
      return done(new HttpProblem('no-such-route', 'There is no WebSocket at this URL.'));
    done(faultOfHandshake(request) ?? undefined);
  });
  // A handshake may be refused before the plugin sees it. Node has detached its HTTP parser by
  // then, so the connection must be closed here.
  app.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request as { raw: { upgrade?: boolean; socket: Socket } };
    if (raw.upgrade === true && !request.ws) app.connections.end(raw.socket, '');
    done();
  });
}
