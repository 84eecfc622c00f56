// For the operator: all tenants, their quotas and their tokens.
import { useSignal } from '@preact/signals';
import type { Schemas } from '../api/schemas.ts';
import { body, rest, token } from '../api/session.ts';
import { SignInButton } from '../bar/sign-in.tsx';
import { quotaText, quotaTitle } from '../home/quota-meters.tsx';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { attempt } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { param, setParams } from '../state/location.ts';
import { useReading } from './reading.ts';
import { Tokens } from './tokens.tsx';

type Tenant = Schemas['Tenant'];
type QuotaName = keyof Tenant['quotas'];

async function readTenants(): Promise<Tenant[]> {
  const all: Tenant[] = [];
  let pageToken: string | undefined;
  do {
    const query = pageToken === undefined ? { pageSize: 1000 } : { pageSize: 1000, pageToken };
    const page = await body(rest.value.GET('/v1/tenants', { params: { query } }));
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return all;
}

/** The part of the quota that is used the most. */
function fullest({ quotas, used }: Tenant): { name: QuotaName; part: number } {
  const parts = (Object.keys(quotas) as QuotaName[]).map((name) => ({
    name,
    part: quotas[name] === 0 ? 0 : used[name] / quotas[name],
  }));
  return parts.reduce((most, one) => (one.part > most.part ? one : most));
}

/** A table of thousands of rows helps nobody; the filter finds the others. */
const shownMax = 100;

export function Tenants() {
  const { reading, again } = useReading('tenants', readTenants);
  const filter = useSignal('');
  const { data, problem } = reading;
  const found = (data ?? []).filter(({ name }) => name.includes(filter.value));
  const open = data?.find(({ name }) => name === param('tenant'));
  return (
    <section class="panel" aria-labelledby="tenants">
      <header>
        <h2 id="tenants">Tenants</h2>
        <Button onClick={again}>Read again</Button>
        {/* On loopback nobody must sign in, but a token shows what its tenant sees. */}
        {token.value === null ? <SignInButton /> : null}
      </header>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <div class="row list-tools">
        <label>
          Filter
          <input
            type="search"
            value={filter.value}
            onInput={({ currentTarget }) => {
              filter.value = currentTarget.value;
            }}
          />
        </label>
        <NewTenant onMade={again} />
      </div>
      <TenantTable tenants={found.slice(0, shownMax)} open={open?.name ?? null} />
      {found.length > shownMax ? (
        <p class="small soft">{found.length - shownMax} more; filter by name.</p>
      ) : null}
      {open === undefined ? null : <OpenTenant key={open.name} tenant={open} onChange={again} />}
    </section>
  );
}

function TenantTable({ tenants, open }: { tenants: readonly Tenant[]; open: string | null }) {
  return (
    <div class="scrolls">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">
              Filesystems
            </th>
            <th scope="col" class="number">
              Sleepers
            </th>
            <th scope="col" class="number">
              Memory
            </th>
            <th scope="col">Fullest quota</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {tenants.map((tenant) => (
            <TenantRow key={tenant.name} tenant={tenant} isOpen={tenant.name === open} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TenantRow({ tenant, isOpen }: { tenant: Tenant; isOpen: boolean }) {
  const { name, used, createdMs } = tenant;
  const most = fullest(tenant);
  return (
    <tr class={isOpen ? 'selected' : ''}>
      <td>
        <Button pressed={isOpen} onClick={() => setParams({ tenant: isOpen ? null : name })}>
          {name}
        </Button>
      </td>
      <td class="number">{quotaText('filesystems', used.filesystems)}</td>
      <td class="number">{quotaText('sleepers', used.sleepers)}</td>
      <td class="number">{quotaText('memory', used.memory)}</td>
      <td class="small">
        {quotaTitle(most.name)}, {Math.round(most.part * 100)} %
      </td>
      <td class="small">{new Date(createdMs).toISOString().slice(0, 10)}</td>
    </tr>
  );
}

function NewTenant({ onMade }: { onMade: () => unknown }) {
  const name = useSignal('');
  const submit = async (event: Event) => {
    event.preventDefault();
    const made = await attempt(() =>
      body(rest.value.POST('/v1/tenants', { body: { name: name.value } })),
    );
    if (made === null) return;
    setParams({ tenant: name.value });
    name.value = '';
    await onMade();
  };
  return (
    <form class="row list-tools" onSubmit={submit}>
      <label>
        New tenant
        <input
          required
          maxLength={63}
          value={name.value}
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button">
        Create
      </button>
    </form>
  );
}

function OpenTenant({ tenant, onChange }: { tenant: Tenant; onChange: () => unknown }) {
  const { name } = tenant;
  const remove = async () => {
    const text = 'Its tokens are deleted too. A tenant that has filesystems cannot be deleted.';
    if (!(await confirm({ title: `Delete the tenant ${name}?`, text, yes: 'Delete' }))) return;
    const params = { path: { tenant: name } };
    const gone = await attempt(() => body(rest.value.DELETE('/v1/tenants/{tenant}', { params })));
    if (gone === null) return;
    setParams({ tenant: null });
    await onChange();
  };
  return (
    <section class="panel open-tenant" aria-label={`The tenant ${name}`}>
      <header>
        <h3>{name}</h3>
        <Button look="danger" onClick={remove}>
          Delete the tenant
        </Button>
      </header>
      <Quotas tenant={tenant} onChange={onChange} />
      <Tokens tenant={name} />
    </section>
  );
}

function Quotas({ tenant, onChange }: { tenant: Tenant; onChange: () => unknown }) {
  const { name, quotas, used } = tenant;
  const changed = useSignal<Partial<Record<QuotaName, number>>>({});
  const submit = async (event: Event) => {
    event.preventDefault();
    const params = { path: { tenant: name } };
    const set = await attempt(() =>
      body(rest.value.PUT('/v1/tenants/{tenant}/quotas', { params, body: changed.value })),
    );
    if (set === null) return;
    changed.value = {};
    await onChange();
  };
  return (
    <form class="column" onSubmit={submit} aria-label="Quotas">
      <div class="quotas">
        {(Object.keys(quotas) as QuotaName[]).map((quota) => (
          <label key={quota}>
            {quotaTitle(quota)}, {quotaText(quota, used[quota])} used
            <input
              type="number"
              min="0"
              required
              value={changed.value[quota] ?? quotas[quota]}
              onInput={({ currentTarget }) => {
                changed.value = { ...changed.value, [quota]: Number(currentTarget.value) };
              }}
            />
          </label>
        ))}
      </div>
      <div class="row">
        <button type="submit" class="button">
          Set the quotas
        </button>
      </div>
    </form>
  );
}
