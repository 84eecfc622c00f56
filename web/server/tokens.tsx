// The tokens of one tenant. A new one is shown once, because the server keeps only its hash.
import { useSignal } from '@preact/signals';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { useReading } from './reading.ts';

type Token = Schemas['Tokens']['items'][number];

const hour = 3_600_000;
const expiries: [title: string, ms: number | null][] = [
  ['after an hour', hour],
  ['after a day', 24 * hour],
  ['after 30 days', 720 * hour],
  ['never', null],
];

export function Tokens({ tenant }: { tenant: string }) {
  const params = { path: { tenant } };
  const { reading, again } = useReading(tenant, () =>
    body(rest.value.GET('/v1/tenants/{tenant}/tokens', { params })),
  );
  const secret = useSignal<string | null>(null);
  const revoke = async ({ id }: Token) => {
    const text = 'Whoever uses it is refused at once, and its open streams end.';
    if (!(await confirm({ title: `Revoke the token ${id}?`, text, yes: 'Revoke' }))) return;
    const path = { tenant, token: id };
    await attempt(() =>
      body(rest.value.DELETE('/v1/tenants/{tenant}/tokens/{token}', { params: { path } })),
    );
    await again();
  };
  return (
    <section class="column" aria-label="Tokens">
      <h3>Tokens</h3>
      {reading.problem === null ? null : <ProblemNote problem={reading.problem} />}
      <Issue
        tenant={tenant}
        onIssued={(issued) => {
          secret.value = issued;
          void again();
        }}
      />
      <TokenTable tokens={reading.data?.items ?? []} onRevoke={revoke} />
      {secret.value === null ? null : (
        <Secret text={secret.value} onClose={() => (secret.value = null)} />
      )}
    </section>
  );
}

function TokenTable(props: { tokens: readonly Token[]; onRevoke: (token: Token) => unknown }) {
  if (props.tokens.length === 0) return <p class="small soft">The tenant has no token yet.</p>;
  const when = (ms: number | null) => (ms === null ? 'never' : new Date(ms).toISOString());
  return (
    <div class="scrolls">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">Id</th>
            <th scope="col">Scopes</th>
            <th scope="col">Issued</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.tokens.map((token) => (
            <tr key={token.id}>
              <td class="mono">{token.id}</td>
              <td>{token.scopes.join(', ')}</td>
              <td class="small">{when(token.createdMs)}</td>
              <td class="small">{when(token.expiresMs)}</td>
              <td>
                <Button
                  look="danger"
                  label={`Revoke ${token.id}`}
                  onClick={() => props.onRevoke(token)}
                >
                  Revoke
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Issue({ tenant, onIssued }: { tenant: string; onIssued: (secret: string) => void }) {
  const scopes = useSignal<('read' | 'write')[]>(['read', 'write']);
  const expiry = useSignal('after a day');
  const submit = async (event: Event) => {
    event.preventDefault();
    const ms = expiries.find(([title]) => title === expiry.value)?.[1] ?? null;
    const issued = await attempt(() =>
      body(
        rest.value.POST('/v1/tenants/{tenant}/tokens', {
          params: { path: { tenant } },
          body: { scopes: scopes.value, ...(ms === null ? {} : { expiresInMs: ms }) },
        }),
      ),
    );
    if (issued !== null) onIssued(issued.token);
  };
  return (
    <form class="row list-tools" onSubmit={submit} aria-label="Issue a token">
      <label>
        May
        <select
          value={scopes.value.join()}
          onChange={({ currentTarget }) => {
            scopes.value = currentTarget.value.split(',') as ('read' | 'write')[];
          }}
        >
          <option value="read,write">read and write</option>
          <option value="read">only read</option>
        </select>
      </label>
      <label>
        Expires
        <select
          value={expiry.value}
          onChange={({ currentTarget }) => {
            expiry.value = currentTarget.value;
          }}
        >
          {expiries.map(([title]) => (
            <option key={title}>{title}</option>
          ))}
        </select>
      </label>
      <button type="submit" class="button">
        Issue a token
      </button>
    </form>
  );
}

function Secret({ text, onClose }: { text: string; onClose: () => void }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      notify('The token was copied.');
    } catch {
      notify('The browser does not let this page copy; select the text instead.');
    }
  };
  return (
    <Dialog title="The new token" onClose={onClose}>
      <p>It is shown only now. The server keeps a hash of it, and nobody can read it again.</p>
      <code class="secret">{text}</code>
      <div class="row">
        <Button look="primary" onClick={copy}>
          Copy
        </Button>
        <Button onClick={onClose}>I have it</Button>
      </div>
    </Dialog>
  );
}
