import { describe, expect, it } from 'vitest';
import type { Records } from '../../src/durable/records.ts';
import { decode } from '../../src/journal/codec.ts';
import type { Change } from '../../src/journal/store.ts';
import { byQuota } from '../../src/tenants/quotas.ts';
import { Tenants } from '../../src/tenants/tenants.ts';
import { Tokens } from '../../src/tenants/tokens.ts';

const quotas = { ...byQuota(() => 1), memory: 1e12 };

/** Records that are durable, or refused, when the test says so. */
class SlowRecords implements Records {
  readonly kept = new Map<string, unknown>();
  readonly #waiting: {
    changes: readonly Change[];
    resolve(): void;
    reject(error: Error): void;
  }[] = [];

  put(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ changes, resolve, reject }));
  }

  async flush(error?: Error): Promise<void> {
    for (const { changes, resolve, reject } of this.#waiting.splice(0)) {
      if (error !== undefined) {
        reject(error);
        continue;
      }
      for (const { key, value } of changes) {
        if (value === null) this.kept.delete(key);
        else this.kept.set(key, decode(value));
      }
      resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function world() {
  const records = new SlowRecords();
  const tenants = new Tenants({ quotas, tenantsMax: 9, records, onCreated() {} });
  const making = tenants.create('team', {}, 0);
  await records.flush();
  const team = await making;
  if (typeof team === 'string') throw new Error(team);
  return { records, tenants, team };
}

describe('a tenant that is removed', () => {
  it('is not to be had from the first moment, and there again where that was refused', async () => {
    const { records, tenants } = await world();
    const removal = tenants.remove('team', []).catch((error: unknown) => String(error));
    expect(tenants.get('team')).toBeUndefined();
    expect(await tenants.create('team', {}, 0)).toBe('exists');
    await records.flush(new Error('full'));
    expect(await removal).toBe('Error: full');
    expect(tenants.get('team')).toBeDefined();
    const again = tenants.remove('team', []);
    await records.flush();
    await again;
    expect([tenants.get('team'), tenants.size, records.kept.size]).toEqual([undefined, 0, 0]);
  });

  it('does not come back with a change of its quotas', async () => {
    const { records, tenants, team } = await world();
    const first = tenants.setQuotas(team, { pins: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    const removal = tenants.remove('team', []);
    const second = tenants.setQuotas(team, { pins: 3 });
    await records.flush();
    await removal;
    await records.flush();
    expect([await first, await second]).toEqual([true, false]);
    expect(records.kept.has('tenant/team')).toBe(false);
  });

  it('takes a token with it that was just being issued', async () => {
    const { records, tenants } = await world();
    const tokens = new Tokens(undefined, records);
    const issued = tokens.issue('team', ['read'], 0, null);
    const removal = tenants.remove('team', tokens.removalOf('team'));
    await records.flush();
    await Promise.all([issued, removal]);
    expect([...records.kept.keys()]).toEqual([]);
  });
});

describe('quotas', () => {
  it('that were refused are not in force, however many came together', async () => {
    const { records, tenants, team } = await world();
    const changes = Promise.allSettled([
      tenants.setQuotas(team, { pins: 5 }),
      tenants.setQuotas(team, { files: 7 }),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    await records.flush(new Error('full'));
    await records.flush();
    expect((await changes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(team.account.limits).toEqual({ ...quotas, files: 7 });
    expect(records.kept.get('tenant/team')).toMatchObject({ quotas: { pins: 1, files: 7 } });
  });
});
