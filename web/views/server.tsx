import { capabilities, isOperator } from '../api/session.ts';
import '../home/home.css';
import { QuotaMeters } from '../home/quota-meters.tsx';
import { Health } from '../server/health.tsx';
import { About } from '../server/limits.tsx';
import '../server/server.css';
import { Tenants } from '../server/tenants.tsx';

export function View() {
  return (
    <div class="column server">
      <h1>Server</h1>
      <Health />
      <About />
      <QuotaMeters />
      {isOperator.value ? <Tenants /> : <NotOperator />}
    </div>
  );
}

function NotOperator() {
  if (capabilities.value === null) return null;
  return (
    <p class="note">
      Tenants, their quotas and their tokens are for the operator. Sign in with the token of the
      operator, which is in the file of --operator-token-file, to see them.
    </p>
  );
}
