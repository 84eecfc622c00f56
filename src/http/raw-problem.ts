// A problem as a complete HTTP message, for connections on which Fastify cannot reply.
import { codes, problemOf, retryAfter, sendAs } from './problem.ts';
import { type ProblemType, problemTable } from './problem-table.ts';
import { rateLimitOf } from './rate-limit.ts';
import { linkToRule } from './rules.ts';

/** Details for errors of Node's HTTP parser. */
const unreadable: Record<string, string> = {
  HPE_INVALID_METHOD: 'The server does not know the method of the request.',
  HPE_INVALID_URL: 'The target of the request is malformed.',
  HPE_INVALID_VERSION:
    'The request uses an HTTP version that this server does not support; use HTTP/1.1.',
  HPE_INVALID_CONTENT_LENGTH: 'Content-Length is not a number.',
  HPE_UNEXPECTED_CONTENT_LENGTH:
    'The request has several Content-Length headers, or both Content-Length and Transfer-Encoding.',
  HPE_INVALID_TRANSFER_ENCODING: 'Transfer-Encoding must end with chunked.',
  HPE_INVALID_HEADER_TOKEN:
    'A header of the request contains a character that is not allowed in headers.',
  HPE_INVALID_CHUNK_SIZE: 'Transfer-Encoding says chunked, but the body is not valid chunked data.',
  HPE_INVALID_EOF_STATE: 'The connection was closed in the middle of a request.',
};

/** The problem type and detail for an error that Node's HTTP server found before any request. */
export function problemOfCode(code: string | undefined): [type: ProblemType, detail: string] {
  const type = codes[code ?? ''] ?? 'bad-request';
  return [type, unreadable[code ?? ''] ?? problemTable[type].doc];
}

/** The complete HTTP message. The connection closes after it. */
export function rawProblem(
  id: string,
  type: ProblemType,
  detail: string,
  headers: Record<string, string> = {},
  extensions: Record<string, unknown> = {},
): string {
  const problem = problemOf(type, detail, extensions);
  const body = JSON.stringify(problem);
  const retry = retryAfter[type];
  const link = linkToRule(problem.rule);
  const all = {
    Connection: 'close',
    Date: new Date().toUTCString(),
    'Content-Type': sendAs,
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': id,
    'Content-Length': String(Buffer.byteLength(body)),
    ...(retry === undefined ? {} : { 'Retry-After': retry }),
    ...(link === null ? {} : { Link: link }),
    ...rateLimitOf(type, problem, retry),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
