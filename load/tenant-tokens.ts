// Creates tenants on a server under load, as its operator.
import { readFileSync } from 'node:fs';
import { apiOf } from './scenario.ts';

/** Makes a tenant, and gives back a token of it. */
export async function tokenOfTenant(
  url: string,
  tokenFile: string,
  tenant: string,
): Promise<string> {
  const operator = readFileSync(tokenFile, 'utf8').trim();
  const api = apiOf(url);
  await api('POST', '/v1/tenants', { name: tenant }, operator);
  const { token } = await api<{ token: string }>(
    'POST',
    `/v1/tenants/${tenant}/tokens`,
    {},
    operator,
  );
  return token;
}
