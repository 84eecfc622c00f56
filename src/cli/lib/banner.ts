// What a person reads when the server has started: where it is, where its state is, and commands
// that work as they are printed, with a token if requests need one.
import { resolve } from 'node:path';
import { quote } from 'shell-quote';
import type { Config } from '../../config.ts';
import type { Io, Output } from './io.ts';

const everyAddress: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export const urlOf = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** A stream that a person looks at; null if there is none, because a program reads no banner. */
export const terminalOf = ({ stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>): Output | null =>
  [stdout, stderr].find(({ isTTY }) => isTTY === true) ?? null;

type Settings = Pick<Config, 'host' | 'volatile' | 'dataDir' | 'operatorTokenFile'>;

export interface Started extends Settings {
  port: number;
  tokenNeeded: boolean;
}

export function banner(started: Started): string {
  const { host, port, volatile, dataDir, operatorTokenFile, tokenNeeded } = started;
  const local = everyAddress[host];
  // Nobody can type 0.0.0.0 into a browser on every system.
  const url = urlOf(local ?? host, port);
  const others = local === undefined ? '' : `, and at port ${port} of every address it has`;
  const token = operatorTokenFile === null ? null : resolve(operatorTokenFile);
  return `
Pinhole is at ${url}${others}. Open it in a browser.
${
  volatile
    ? 'Its state is in memory only and ends with the process.'
    : `Its state is stored in ${resolve(dataDir)}.`
}
${token === null ? '' : `The operator token is in ${token}. It creates tenants and tokens.\n`}
${
  tokenNeeded && token !== null
    ? `Requests need a token. This creates one for the tenant "default" and uses it:

${tokenCommand(url, token)}
${commands(url, `-H "authorization: Bearer $TOKEN" `)}

The page asks for the token, too: echo $TOKEN`
    : `Or try this in another terminal:

${commands(url, '')}`
}

Ctrl-C stops it.

`;
}

const json = "-H 'content-type: application/json'";

/** The operator has no filesystems, so its token alone creates none. */
const tokenCommand = (url: string, file: string): string =>
  String.raw`  TOKEN=$(curl -s -X POST ${url}/v1/tenants/default/tokens ${json} \
    -H "authorization: Bearer $(cat ${quote([file])})" -d '{"scopes":["read","write"]}' |
    sed 's/.*"token":"\([^"]*\)".*/\1/')`;

const commands = (url: string, token: string): string =>
  `  curl -X POST ${url}/v1/filesystems ${token}${json} -d '{"name":"scratch","sizeBytes":67108864}'
  curl ${token}${url}/v1/filesystems/scratch
  curl ${token}${url}/v1`;
