// The deletion of a tenant with everything that it has. The first record says that the tenant is
// leaving and deletes its tokens, both or neither. From then on nobody can use the tenant, and if
// the process ends before the deletion does, the next start continues it.
import { setTimeout } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { HostedFilesystem } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';
import type { Tenant } from '../tenants/tenants.ts';
import type { AppContext } from './app-context.ts';
import { audit } from './audit.ts';
import { HttpProblem, KernelFailure } from './problem.ts';

const running = new WeakSet<Tenant>();

/** How many filesystems are unmounted at the same time. */
const atOnce = 64;
const againMs = 5;

/**
 * Unmounts all filesystems, which ends all requests and event streams of the tenant, and deletes the
 * tenant. `begun` is called when the deletion can no longer be prevented. If it rejects, the tenant
 * is as it was or still leaving, and the call can be repeated.
 */
export async function removeWithForce(
  context: AppContext,
  tenant: Tenant,
  begun: (filesystems: number) => void,
): Promise<void> {
  const { engine, tenants, tokens } = context;
  const { name } = tenant;
  if (running.has(tenant)) throw new HttpProblem('in-use', 'The tenant is being deleted already.');
  running.add(tenant);
  try {
    if (tenant.leaving !== true) await tenants.leave(tenant, tokens.removalOf(name));
    tokens.forgetTenant(name);
    begun([...engine.list(name)].length);
    // Again, because a request that began before may have created a filesystem since.
    while (!(await removeIfEmpty(context, tenant))) {
      if (engine.draining)
        throw new HttpProblem('not-ready', 'The server stops; its next start continues.');
      await unmountAll([...engine.list(name)]);
      await setTimeout(againMs);
    }
  } finally {
    running.delete(tenant);
  }
}

/** Deletes the tenant with its tokens, answers and labs. False if it has a filesystem. */
export async function removeIfEmpty(
  { engine, tenants, tokens, answers, labs }: AppContext,
  tenant: Tenant,
): Promise<boolean> {
  const { name, id } = tenant;
  const gone = await engine.dismiss(name, (records) =>
    tenants.remove(name, [
      ...records,
      ...tokens.removalOf(name),
      ...answers.removalOf(id),
      ...labs.removalOf(tenant),
    ]),
  );
  if (!gone) return false;
  tokens.forgetTenant(name);
  answers.forgetOwner(id);
  labs.forgetTenant(tenant);
  return true;
}

async function unmountAll(all: readonly HostedFilesystem[]): Promise<void> {
  for (let i = 0; i < all.length; i += atOnce)
    await Promise.all(all.slice(i, i + atOnce).map(unmount));
}

async function unmount(fs: HostedFilesystem): Promise<void> {
  try {
    const { outcome } = await fs.submit({ op: 'umount', on: {}, args: { force: true } });
    if (outcome === null || outcome.ok) return;
    const { errno } = outcome.failure;
    // Somebody else unmounted it at the same time.
    if (errno !== 'ENOENT' && errno !== 'ENODEV') throw new KernelFailure(outcome.failure);
  } catch (error) {
    // The waiting commands end soon, because the tenant gets no new ones.
    if (!(error instanceof EngineError && error.kind === 'inbox-full')) throw error;
  }
}

/** Call it at the start. Continues what an earlier process did not finish; it does not wait. */
export function continueRemovals(context: AppContext, logger: FastifyBaseLogger): void {
  for (const tenant of context.tenants.all()) {
    if (tenant.leaving !== true) continue;
    const line = { action: 'delete-tenant', on: { tenant: tenant.name }, force: true };
    const log = (phase: string) => audit(logger, { ...line, phase, caller: null, request: null });
    removeWithForce(context, tenant, () => log('continued')).then(
      () => log('ended'),
      (error: unknown) =>
        logger.error(
          { err: error, tenant: tenant.name },
          'a tenant that is being deleted could not be removed; DELETE it with force again',
        ),
    );
  }
}
