// Which server a command talks to, and with which token. A flag comes before the environment, the
// environment before the context in use, and that before the default.
import { readFileSync } from 'node:fs';
import { clientVariables, unknownVariables } from '../../config.ts';
import { type Context, readContexts } from './contexts.ts';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

export interface ConnectionOptions {
  url?: string;
  tokenFile?: string;
  context?: string;
}

export interface Connection {
  /** Without a slash at its end. */
  url: string;
  token: string | null;
  /** The file that the token was read from; null if the context stores the token itself. */
  tokenFile: string | null;
  /** The filesystem of the environment or the context. */
  fs: string | null;
}

const defaultUrl = 'http://127.0.0.1:8080';

export function connectionOf(options: ConnectionOptions, io: Io): Connection {
  const { env } = io;
  const strangers = unknownVariables(env);
  if (strangers.length > 0) throw new UsageError(`unknown setting: ${strangers.join(', ')}`);
  const { url, tokenFile, context, fs } = clientVariables;
  const named = options.context ?? env[context.name];
  const stored = contextOf(named, env);
  // A context that the caller names belongs together: its token must not go to another server
  // because of a variable that was exported for something else.
  const variables = options.context === undefined ? env : {};
  const chosenUrl = options.url ?? variables[url.name] ?? stored?.url ?? defaultUrl;
  const file = options.tokenFile ?? variables[tokenFile.name];
  const ownUrl = stored !== null && chosenUrl === stored.url;
  const token =
    file !== undefined ? { tokenFile: file, token: readToken(file) } : tokenOf(stored, { ownUrl });
  return { url: httpUrl(chosenUrl), ...token, fs: env[fs.name] ?? stored?.fs ?? null };
}

/** The token of a context is only for the server of that context. */
function tokenOf(
  stored: Context | null,
  { ownUrl }: { ownUrl: boolean },
): Pick<Connection, 'token' | 'tokenFile'> {
  if (stored === null || !ownUrl) return { token: null, tokenFile: null };
  if (stored.tokenFile !== undefined)
    return { token: readToken(stored.tokenFile), tokenFile: stored.tokenFile };
  return { token: stored.token ?? null, tokenFile: null };
}

function contextOf(named: string | undefined, env: Io['env']): Context | null {
  const { current, contexts } = readContexts(env);
  const name = named ?? current;
  if (name === null) return null;
  const stored = contexts[name];
  if (stored !== undefined) return stored;
  const known = Object.keys(contexts);
  throw new UsageError(
    `there is no context ${name}; ` +
      (known.length === 0
        ? 'add one with "pinhole context add"'
        : `the contexts are ${known.join(', ')}`),
  );
}

export function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`${text} is not a URL of a server, such as ${defaultUrl}`);
  return url.href.replace(/\/+$/, '');
}

function readToken(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`the token file ${file} cannot be read: ${(error as Error).message}`);
  }
  return tokenIn(text, file);
}

/** The token in a text; throws if there is not exactly one. */
export function tokenIn(text: string, source: string): string {
  const token = text.trim();
  // A token is sent in a header, which must not contain other characters.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError(`${source} does not contain one token`);
  return token;
}
