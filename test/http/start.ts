// A whole service without a socket. Every reply is checked against its schema.
import { pino } from 'pino';
import { type Config, defaultConfig } from '../../src/config.ts';
import { createService, type Service, type ServiceOptions } from '../../src/server.ts';

export type { Service };

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  bytes: Buffer;
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  json: any;
}

export interface CallOptions {
  json?: unknown;
  bytes?: Uint8Array | string;
  headers?: Record<string, string>;
  token?: string;
}

export async function start(
  overrides: Partial<Config> = {},
  options: Partial<ServiceOptions> = {},
): Promise<Service> {
  return createService(defaultConfig(overrides), {
    logger: pino({ level: 'silent' }),
    checkReplies: true,
    ...options,
  });
}

export async function call(
  service: Service,
  method: string,
  url: string,
  options: CallOptions = {},
): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
  let payload: string | Buffer | undefined;
  if (options.json !== undefined) {
    payload = JSON.stringify(options.json);
    headers['content-type'] ??= 'application/json';
  } else if (options.bytes !== undefined) {
    payload = Buffer.from(options.bytes as Uint8Array);
    headers['content-type'] ??= 'application/octet-stream';
  }
  const response = await service.app.inject({
    method: method as 'GET',
    url,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  const { 'content-type': type, 'content-encoding': coding } = response.headers;
  const isJson = /[/+]json\b/.test(String(type)) && coding === undefined;
  return {
    status: response.statusCode,
    headers: response.headers as Record<string, string>,
    text: response.payload,
    bytes: response.rawPayload,
    json: isJson && response.payload !== '' ? JSON.parse(response.payload) : null,
  };
}

/** Throws what came instead, where the status is not the expected one. */
export async function must(
  service: Service,
  status: number,
  method: string,
  url: string,
  options: CallOptions = {},
): Promise<Answer> {
  const answer = await call(service, method, url, options);
  if (answer.status !== status)
    throw new Error(`${method} ${url}: ${answer.status} ${answer.text.slice(0, 500)}`);
  return answer;
}

export const fs = '/v1/filesystems/scratch';

/**
 * A filesystem `scratch`, a file `a` of 16 pages, all of it mapped as `map_1`, and its first 4
 * pages pinned as `pin_1`.
 */
export async function pinnedWorld(
  service: Service,
  options: { mkfs?: object; token?: string; owner?: string } = {},
): Promise<void> {
  const auth = options.token === undefined ? {} : { token: options.token };
  await must(service, 201, 'POST', '/v1/filesystems', {
    ...auth,
    json: { name: 'scratch', sizeBytes: 8 * 1024 * 1024, ...options.mkfs },
  });
  await must(service, 201, 'POST', `${fs}/files`, { ...auth, json: { name: 'a' } });
  await must(service, 200, 'PUT', `${fs}/files/a/content`, {
    ...auth,
    bytes: Buffer.alloc(65_536, 'a'),
  });
  await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
    ...auth,
    json: { offset: 0, length: 65_536, access: 'read-write' },
  });
  await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
    ...auth,
    json: { offset: 0, length: 16_384, access: 'write', owner: options.owner ?? 'device' },
  });
}

/** The same with a punch hole that sleeps on the pin; gives back the path of its operation. */
export async function sleepingWorld(
  service: Service,
  options: { mkfs?: object; token?: string } = {},
): Promise<string> {
  await pinnedWorld(service, options);
  const auth = options.token === undefined ? {} : { token: options.token };
  const punch = await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
    ...auth,
    json: { offset: 0, length: 4096 },
    headers: { prefer: 'respond-async' },
  });
  return punch.headers.location ?? '';
}

/** The kind of filesystem on which punch hole waits for pins. */
export const waiting = {
  strategy: { name: 'break-layouts', idleRule: 'fixed', breakScope: 'range' },
};
