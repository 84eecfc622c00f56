// A request whose route is only known at run time, because it comes from a registry.
import { pathNames } from '../../http/contract.ts';
import { demand, type Session } from './session.ts';

export interface Asked {
  method: string;
  /** In Fastify's notation, as in a contract. */
  url: string;
  path: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
  bytes?: Uint8Array;
  headers?: Readonly<Record<string, string>>;
  /** The answer is bytes. */
  givesBytes?: boolean;
}

/** The client of `pinhole/client` is typed by route, so this is the one place that is not. */
export async function ask(
  { client }: Session,
  { method, url, path, query = {}, body, bytes, headers = {}, givesBytes = false }: Asked,
): Promise<{ data: unknown; response: Response }> {
  const template = pathNames(url).reduce(
    (text, name) => text.replace(`:${name}`, `{${name}}`),
    url,
  );
  const request = client.request as unknown as (
    method: string,
    url: string,
    init: object,
  ) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
  const sent = bytes === undefined ? { body } : { body: bytes, bodySerializer: asItIs };
  const type = bytes === undefined ? {} : { 'content-type': 'application/octet-stream' };
  const answer = request(method.toLowerCase(), template, {
    params: { path, query },
    ...(body === undefined && bytes === undefined ? {} : sent),
    headers: { ...type, ...headers },
    parseAs: givesBytes ? 'arrayBuffer' : 'json',
  });
  const data = await demand(answer);
  const { response } = await answer;
  return { data: givesBytes ? contentOf(data as ArrayBuffer, response) : data, response };
}

const asItIs = (body: unknown): unknown => body;

/** A read that sleeps is answered with the record of the operation instead of bytes. */
function contentOf(data: ArrayBuffer, { status }: Response): unknown {
  const bytes = new Uint8Array(data);
  return status === 202 ? JSON.parse(new TextDecoder().decode(bytes)) : bytes;
}
