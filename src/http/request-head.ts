// Checks the target and the Host of a request before routing, as RFC 9112 §3 requires. The guard
// against DNS rebinding looks only at Host, so there must be exactly one, and an absolute target
// must not name another host.
import type { IncomingMessage } from 'node:http';

const hostForm =
  /^(?:\[[0-9a-f:.]{2,45}\]|(?:[\w\-.~!$&'()*+,;=]|%[0-9a-f]{2}){1,255})(?::(\d{0,5}))?$/i;
const absoluteForm = /^(https?):\/\/([^/?#]*)(.*)$/i;

/**
 * Headers of which two would be ambiguous. Node takes the first one and drops the others silently.
 */
const once = new Set(['host', 'content-type', 'authorization']);

/** A cache, because nearly every request names the same host as the one before. */
let lastGoodHost: string | undefined;

/**
 * The detail of the problem, or null if the request can be routed. An absolute target is replaced
 * by its path.
 */
export function faultOf(request: IncomingMessage): string | null {
  const { rawHeaders, headers } = request;
  let seen = '';
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const { length } = rawHeaders[i] as string;
    if (length !== 4 && length !== 12 && length !== 13) continue;
    const name = (rawHeaders[i] as string).toLowerCase();
    if (!once.has(name)) continue;
    if (seen.includes(`${name},`))
      return `The request has several ${name} headers; send exactly one.`;
    seen += `${name},`;
  }
  const { host, 'transfer-encoding': coding } = headers;
  const { httpVersion } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return 'The request uses an HTTP version that this server does not support; use HTTP/1.1.';
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return 'The only supported Transfer-Encoding is chunked, in HTTP/1.1.';
  if (host === undefined && httpVersion === '1.1')
    return 'The request has no Host header, which HTTP/1.1 requires.';
  if (host !== undefined && host !== lastGoodHost) {
    if (!isHost(host)) return 'The Host header is not a host name with an optional port.';
    lastGoodHost = host;
  }
  return faultOfTarget(request);
}

function isHost(host: string): boolean {
  const match = hostForm.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

function faultOfTarget(request: IncomingMessage): string | null {
  const { url = '', method, headers } = request;
  if (url.includes('#'))
    return 'The target of the request contains a fragment (#); clients must not send it.';
  if (method === 'CONNECT')
    return isHost(url) ? null : 'The target of CONNECT must be a host name and a port.';
  if (url.startsWith('/')) return null;
  if (url === '*')
    return method === 'OPTIONS' ? null : 'Only OPTIONS may use the target *; send a path.';
  const [, scheme = '', authority = '', path = ''] = absoluteForm.exec(url) ?? [];
  if (scheme === '') return 'The target of the request must be a path that begins with /.';
  if (!isHost(authority)) return 'The URL in the request line has no valid host name.';
  if (headers.host === undefined) headers.host = authority;
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const plain = (name: string): string =>
    name.toLowerCase().replace(new RegExp(`(${port}|:)$`), '');
  if (plain(authority) !== plain(headers.host))
    return 'The URL in the request line and the Host header name different hosts.';
  request.url = path.startsWith('/') ? path : `/${path}`;
  return null;
}
