// The REST interface, typed by the OpenAPI document: every build writes openapi/api.d.ts from it.
import createClient, { type Client } from 'openapi-fetch';

// biome-ignore lint/plugin: for an import statement the linter infers 13,000 lines and gives up.
type paths = import('../../openapi/api.d.ts').paths;

export interface RestOptions {
  /** `http://host:port`. */
  baseUrl: string;
  token?: string;
}

export function restClient({ baseUrl, token }: RestOptions): Client<paths> {
  return createClient<paths>({
    baseUrl,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}
