// The request rate of a tenant (--tenant-requests-per-second-max). An operator is never refused, nor
// is /livez, /readyz and /metrics, which have no caller, nor an event stream, which is one request
// however long it is.
//
// Not @fastify/rate-limit: it counts in fixed windows, so twice the limit can arrive at once, it
// keeps a table of its own by key, and its headers are those of an older draft than ours.
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { RequestRate } from '../tenants/request-rate.ts';
import type { Tenants } from '../tenants/tenants.ts';
import { isThrottled } from './contract.ts';
import { HttpProblem } from './problem.ts';

/** Call it after auth. Without a limit there is no hook. */
export function throttleTenants(
  app: FastifyInstance,
  { tenants, config }: { tenants: Tenants; config: Pick<Config, 'tenantRequestsPerSecondMax'> },
): void {
  const { tenantRequestsPerSecondMax: limit } = config;
  if (limit === 0) return;
  const rate = new RequestRate(limit);
  app.addHook('onRequest', ({ caller, routeOptions }, _reply, done) => {
    const { contract } = routeOptions.config;
    if (contract === undefined || !isThrottled(contract)) return done();
    const tenant = tenants.get(caller?.tenant ?? '');
    const lateMs = tenant === undefined ? 0 : rate.take(tenant, performance.now());
    if (lateMs === 0) return done();
    const why =
      `A tenant may send at most ${limit} requests in a second ` +
      '(--tenant-requests-per-second-max). Nothing was changed; send the request again later.';
    const seconds = String(Math.max(1, Math.ceil(lateMs / 1000)));
    done(new HttpProblem('too-many-requests', why, { limit }, { 'retry-after': seconds }));
  });
}
