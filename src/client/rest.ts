// The REST interface, typed by the OpenAPI document: `npm run openapi` writes openapi/api.d.ts.
import createClient, { type Client } from 'openapi-fetch';
import type { paths } from '../../openapi/api.d.ts';

export interface RestOptions {
  /** `http://host:port`. */
  baseUrl: string;
  token?: string;
}

export function restClient({ baseUrl, token }: RestOptions): Client<paths> {
  return createClient<paths>({ baseUrl, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
}
