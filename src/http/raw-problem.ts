// A problem as the whole HTTP message, for connections on which no reply of Fastify can be sent.
import { codes, type ProblemType, problemOf, problemTable, retryAfter, sendAs } from './problem.ts';
import { rateLimitOf } from './rate-limit.ts';

/** What Node's parser could not read, in words. */
const unreadable: Record<string, string> = {
  HPE_INVALID_METHOD: 'The method of the request is none that this server knows.',
  HPE_INVALID_URL: 'The target of the request is malformed.',
  HPE_INVALID_VERSION:
    'The request names a version of HTTP that this server does not speak; it speaks HTTP/1.1.',
  HPE_INVALID_CONTENT_LENGTH: 'Content-Length is not a number.',
  HPE_UNEXPECTED_CONTENT_LENGTH:
    'The request has several Content-Length headers, or one beside Transfer-Encoding.',
  HPE_INVALID_TRANSFER_ENCODING: 'Transfer-Encoding must end with chunked.',
  HPE_INVALID_HEADER_TOKEN: 'A header of the request holds a character that headers may not have.',
  HPE_INVALID_CHUNK_SIZE: 'The body of the request is not chunked as Transfer-Encoding says.',
  HPE_INVALID_EOF_STATE: 'The connection was closed in the middle of a request.',
};

/**
 * Of an error of Node's HTTP server, before there is a request: the type of its problem and the
 * detail.
 */
export function problemOfCode(code: string | undefined): [type: ProblemType, detail: string] {
  const type = codes[code ?? ''] ?? 'bad-request';
  return [type, unreadable[code ?? ''] ?? problemTable[type].doc];
}

/**
 * The whole HTTP message, where there is no reply to send it with. It is the last one of its
 * connection.
 */
export function rawProblem(
  type: ProblemType,
  detail: string,
  headers: Record<string, string> = {},
  extensions: Record<string, unknown> = {},
): string {
  const problem = problemOf(type, detail, extensions);
  const body = JSON.stringify(problem);
  const retry = retryAfter[type];
  const all = {
    Connection: 'close',
    Date: new Date().toUTCString(),
    'Content-Type': sendAs,
    'Content-Length': String(Buffer.byteLength(body)),
    ...(retry === undefined ? {} : { 'Retry-After': retry }),
    ...rateLimitOf(type, problem, retry),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
