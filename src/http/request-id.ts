// X-Request-Id, by which the lines of the log and the answer that a client got are matched: taken
// from the request if it is sane, else made.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hasSecret } from './secrets.ts';

/** What proxies and tracers send: UUIDs, hexadecimal, base64, `Root=1-…`. */
const form = /^[\w.:+/=@~-]{1,128}$/;

/** Ids of different processes differ, also after a restart. */
const own = randomBytes(6).toString('hex');
let made = 0;

const newId = (): string => {
  made += 1;
  return `${own}-${made.toString(36)}`;
};

/**
 * The id of an upgrade is needed twice: Fastify asks for it, and then ws, which writes the answer.
 */
const ofUpgrades = new WeakMap<IncomingMessage, string>();

/** Null for input that Node could not parse, so that there is no request. */
export function requestIdOf(request: IncomingMessage | null): string {
  if (request === null) return newId();
  const { headers } = request;
  const given = headers['x-request-id'] as string | undefined;
  if (given !== undefined && isSane(given, headers.authorization)) return given;
  if ((request as { upgrade?: boolean }).upgrade !== true) return newId();
  const id = ofUpgrades.get(request) ?? newId();
  ofUpgrades.set(request, id);
  return id;
}

/** It is logged and sent back, so it must be no token, neither that of the same request nor another. */
const isSane = (id: string, authorization: string | undefined): boolean =>
  form.test(id) && !hasSecret(id) && !isPartOf(id, authorization?.replace(/^\w+ +/, ''));

const partMin = 16;

/** An operator can choose a token of any form. */
const isPartOf = (id: string, token: string | undefined): boolean =>
  token !== undefined &&
  token !== '' &&
  (id.includes(token) || (id.length >= partMin && token.includes(id)));
