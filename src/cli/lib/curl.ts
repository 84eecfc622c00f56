// A request as a curl command that a person can run. It never contains a token: only the file that
// has it, or the name of a variable.
import type { Connection } from './connection.ts';

/** Thrown instead of sending a request; the message is the command. */
export class CurlShown extends Error {
  override readonly name = 'CurlShown';
}

const plain = /^[\w@%+=:,./-]+$/;
export const shellWord = (text: string): string =>
  plain.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Where the bytes of a request come from: a command before the pipe, and what curl reads. */
export interface CurlSource {
  before: string;
  data: string;
}

export const stdinSource: CurlSource = { before: '', data: '@-' };
export const fileSource = (path: string): CurlSource => ({ before: '', data: `@${path}` });

/** `size` times the same byte. */
export const byteSource = (byte: number, size: number): CurlSource => ({
  before: `head -c ${size} /dev/zero | tr '\\0' '\\${byte.toString(8).padStart(3, '0')}' | `,
  data: '@-',
});

/** Headers that curl adds itself, or that `fetch` adds for itself. */
const own = new Set(['authorization', 'accept', 'accept-language', 'user-agent']);

export async function curlOf(
  request: Request,
  connection: Connection,
  source: CurlSource = stdinSource,
): Promise<string> {
  const words = ['curl'];
  const type = request.headers.get('content-type');
  const isBytes = type === 'application/octet-stream';
  const body = isBytes || request.body === null ? '' : await request.clone().text();
  const implied = isBytes || body !== '' ? 'POST' : 'GET';
  if (request.method === 'HEAD') words.push('--head');
  else if (request.method !== implied) words.push('-X', request.method);
  if (connection.token !== null) words.push('-H', authorization(connection));
  for (const [name, value] of request.headers)
    if (!own.has(name) && (body !== '' || isBytes || name !== 'content-type'))
      words.push('-H', shellWord(`${name}: ${value}`));
  if (isBytes) words.push('--data-binary', shellWord(source.data));
  else if (body !== '') words.push('-d', shellWord(body));
  const curl = [...words, shellWord(request.url)].join(' ');
  return isBytes ? `${source.before}${curl}` : curl;
}

/** In double quotes, so that the shell reads the file or the variable. */
export const authorization = ({ tokenFile }: Connection): string =>
  tokenFile === null
    ? '"authorization: Bearer $PINHOLE_TOKEN"'
    : `"authorization: Bearer $(cat ${shellWord(tokenFile)})"`;
