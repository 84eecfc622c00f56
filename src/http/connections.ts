// Connections below Fastify: requests of one connection are served one after the other, and every
// connection that the server ends is closed soon, whatever the client does.
//
// Node parses the requests of a connection ahead and emits each at once. RFC 9112 §9.3.2 allows
// that requests are processed in parallel only where all of them are safe, so here a request waits
// until the one before it was answered. That also bounds what one connection costs: a single answer
// in memory, even if a client has sent many requests without waiting.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { type ProblemType, problemTable } from './problem-table.ts';
import { problemOfCode, rawProblem } from './raw-problem.ts';
import { faultOf } from './request-head.ts';
import { requestIdOf } from './request-id.ts';

export interface ConnectionLimits {
  headerBytesMax: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  answerTimeoutMs: number;
  connectionsMax: number;
  pipelineMax: number;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

interface Connection {
  serving: Exchange | null;
  waiting: Exchange[];
  /** The latest request, started or not. */
  latest: IncomingMessage | null;
  /**
   * The message that ends the connection, after the answers to earlier requests. Later input is
   * ignored.
   */
  last: string | null;
  /** An upgrade that waits for the answers to earlier requests. */
  upgrade: (() => void) | null;
  served: boolean;
  lingering: boolean;
}

/**
 * How long a connection stays open after its last message. Closing at once would send a reset to a
 * client that is still sending, and the reset can destroy the answer in flight. Without a limit, a
 * client that never closes its side would hold the connection for minutes (FIN_WAIT2).
 */
const lingerMs = 300;

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #log: FastifyBaseLogger;
  readonly #of = new WeakMap<Socket, Connection>();
  readonly #open = new Set<Socket>();
  /** Idle connections, the longest idle first. */
  readonly #idle = new Set<Socket>();
  /** Connections whose last message is being sent. */
  readonly #lingering = new Set<Socket>();

  constructor(limits: ConnectionLimits, log: FastifyBaseLogger) {
    this.#limits = limits;
    this.#log = log;
  }

  /**
   * The complete answer where Fastify does not answer, and its line in the log. `request` is null
   * if the input could not be parsed.
   */
  problem(
    request: IncomingMessage | null,
    [type, detail]: [type: ProblemType, detail: string],
    headers: Record<string, string> = {},
    extensions: Record<string, unknown> = {},
  ): string {
    const id = requestIdOf(request);
    const { status } = problemTable[type];
    const method = request?.method ?? null;
    this.#log.debug({ method, route: null, status, problem: type, request: id }, 'request');
    return rawProblem(id, type, detail, headers, extensions);
  }

  /**
   * For `serverFactory` of Fastify, which calls it again for each further address of `localhost`.
   */
  serverFor(handler: RequestListener): Server {
    const {
      headersTimeoutMs,
      requestTimeoutMs,
      keepAliveTimeoutMs,
      answerTimeoutMs,
      headerBytesMax,
      connectionsMax,
    } = this.#limits;
    const headersTimeout = Math.min(headersTimeoutMs, requestTimeoutMs);
    const server = createServer({
      maxHeaderSize: headerBytesMax,
      headersTimeout,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Node looks for late requests this often; its default of 30 s would make the two limits
      // above meaningless.
      connectionsCheckingInterval: Math.min(1000, Math.ceil(headersTimeout / 4)),
      // Its own refusal has no body.
      requireHostHeader: false,
    });
    // Node ignores headers after the first 2000 without an error. The limit on their bytes is
    // enough.
    server.maxHeadersCount = 0;
    server.maxConnections = connectionsMax;
    server.timeout = answerTimeoutMs;
    const take = (request: IncomingMessage, response: ServerResponse) =>
      this.#take({ request, response }, handler);
    server.on('request', take);
    // Routes decide on `Expect` themselves; see admission.ts.
    server.on('checkContinue', take);
    server.on('checkExpectation', take);
    server.on('connection', (socket: Socket) => this.#opened(socket));
    server.on('clientError', (error: Error, socket: Socket) => this.#failed(error, socket));
    server.on('drop', () => this.#makeRoom());
    server.on('timeout', (socket: Socket) => this.#silent(socket));
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      socket.on('error', () => socket.destroy());
      const why = 'This server is not a proxy; no URL accepts the method CONNECT.';
      this.inTurn(socket, () =>
        this.end(
          socket,
          this.#refusalOf(request) ?? this.problem(request, ['method-not-allowed', why], { allow }),
        ),
      );
    });
    return server;
  }

  /** The input cannot be parsed: sends a last message with the reason, and closes. */
  #failed(error: Error & { code?: string }, socket: Socket): void {
    const connection = this.#of.get(socket);
    if (connection === undefined || error.code === 'ECONNRESET' || !socket.writable) {
      // The last message is being sent already, so further input is ignored.
      if (connection?.lingering !== true) socket.destroy();
      return;
    }
    if (connection.last !== null) return;
    const { serving, waiting, latest } = connection;
    connection.last = this.problem(null, problemOfCode(error.code));
    // If the latest request is incomplete, the last message is its answer, unless it has one
    // already.
    const isLate = latest !== null && !latest.complete;
    if (isLate && latest === waiting.at(-1)?.request) waiting.pop();
    if (serving === null) this.end(socket, isLate ? '' : connection.last);
    else if (isLate && latest === serving.request) {
      if (serving.response.headersSent) socket.destroy();
      else this.end(socket, connection.last);
    }
  }

  /**
   * Calls `begin` when all earlier requests are answered, unless the connection is closed by then.
   * Later input is ignored.
   */
  inTurn(socket: Socket, call: () => void): void {
    const connection = this.#of.get(socket);
    if (connection === undefined || connection.serving === null) call();
    else connection.upgrade = call;
  }

  /** The complete answer if the head of a request cannot be served, else null. */
  #refusalOf(request: IncomingMessage): string | null {
    const fault = faultOf(request);
    return fault === null ? null : this.problem(request, ['bad-request', fault]);
  }

  /** The same for an upgrade, which has no response object. Returns true if it was refused. */
  refuseUpgrade(request: IncomingMessage, socket: Socket): boolean {
    const refusal = this.#refusalOf(request);
    if (refusal !== null) this.end(socket, refusal);
    return refusal !== null;
  }

  /** Sends the last message and closes the connection soon after. */
  end(socket: Socket, text: string): void {
    const connection = this.#of.get(socket);
    if (connection !== undefined) {
      if (connection.lingering) return;
      connection.lingering = true;
      connection.waiting = [];
      connection.last ??= text;
      this.#idle.delete(socket);
      this.#lingering.add(socket);
    }
    // Reads and drops the rest of the input, because only then Node sees that the client has
    // closed.
    socket.resume();
    if (text === '') socket.end();
    else socket.end(text, 'latin1');
    const late = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(late));
  }

  /** Call it at the end of a drain. */
  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #opened(socket: Socket): void {
    // A request whose Upgrade header is ignored is emitted again as a new connection.
    if (this.#of.has(socket)) return;
    this.#of.set(socket, {
      serving: null,
      waiting: [],
      latest: null,
      last: null,
      upgrade: null,
      served: false,
      lingering: false,
    });
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#idle.delete(socket);
      this.#lingering.delete(socket);
    });
    if (this.#open.size >= this.#limits.connectionsMax) this.#makeRoom();
  }

  /**
   * Makes space for the next connection by closing an idle one. Between two requests every client
   * must expect that its connection closes (RFC 9112 §9.5).
   */
  #makeRoom(): void {
    const [lingers] = this.#lingering;
    const [idle] = this.#idle;
    (lingers ?? idle)?.destroy();
  }

  /**
   * Neither side has sent anything for `keepAliveTimeoutMs` (between two requests) or
   * `answerTimeoutMs`.
   */
  #silent(socket: Socket): void {
    const connection = this.#of.get(socket);
    if (connection === undefined) socket.destroy();
    // Before the first request, `headersTimeoutMs` applies instead, and sends an answer.
    else if (connection.serving === null && connection.served) socket.destroy();
    // If nothing waits to be written, the client is not a stalled reader: its request waits for the
    // kernel.
    else if (socket.writableLength > 0) socket.destroy();
  }

  #take(exchange: Exchange, handler: RequestListener): void {
    const { socket } = exchange.request;
    const connection = this.#of.get(socket);
    if (connection === undefined) {
      handler(exchange.request, exchange.response);
      return;
    }
    if (connection.last !== null || connection.upgrade !== null) return;
    connection.latest = exchange.request;
    if (connection.serving === null) this.#begin(connection, exchange, handler);
    else if (connection.waiting.length < this.#limits.pipelineMax)
      connection.waiting.push(exchange);
    else {
      const limit = this.#limits.pipelineMax;
      const why =
        `At most ${limit} requests of one connection may wait for answers to earlier ones. This ` +
        'request and those after it were not started; send them again on a new connection.';
      connection.last = this.problem(exchange.request, ['too-many-pipelined', why], {}, { limit });
    }
  }

  #begin(connection: Connection, exchange: Exchange, handler: RequestListener): void {
    const { request, response } = exchange;
    const { socket } = request;
    const refusal = this.#refusalOf(request);
    if (refusal !== null) {
      connection.serving = null;
      this.end(socket, refusal);
      return;
    }
    connection.serving = exchange;
    connection.served = true;
    this.#idle.delete(socket);
    response.once('close', () => this.#answered(connection, socket, handler));
    handler(request, response);
  }

  #answered(connection: Connection, socket: Socket, handler: RequestListener): void {
    connection.serving = null;
    // After `Connection: close` no further request may be processed (RFC 9112 §9.6). If the client
    // is disconnected, nobody would read the answers.
    if (!socket.writable) {
      connection.waiting = [];
      if (!socket.destroyed) this.end(socket, '');
      return;
    }
    const next = connection.waiting.shift();
    const { upgrade } = connection;
    if (next !== undefined) this.#begin(connection, next, handler);
    else if (upgrade !== null) {
      connection.upgrade = null;
      upgrade();
    } else if (connection.last !== null) this.end(socket, connection.last);
    else this.#idle.add(socket);
  }
}

const allow = 'GET, HEAD, POST, PUT, PATCH, DELETE';
