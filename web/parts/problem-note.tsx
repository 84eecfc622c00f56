import type { ShownProblem } from '../api/problem.ts';
import { capabilities } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { pathOf } from '../state/location.ts';
import { StoppedSteps } from './runbook.tsx';
import './problem-note.css';

/** What the server refused: detail, errno, the rule that fired with a link, and what helps. */
export function ProblemNote({ problem }: { problem: ShownProblem }) {
  const { detail, errno, rule, help } = problem;
  return (
    <div class="problem" role="alert">
      <p>
        {errno === undefined ? null : <code>{errno} </code>}
        {detail}
        {rule === undefined ? null : (
          <>
            {' '}
            <a href={`/v1/rules/${encodeURIComponent(rule)}`} target="_blank" rel="noreferrer">
              Rule {rule}
            </a>
          </>
        )}
        {help === undefined ? null : (
          <>
            {' '}
            <a href={help} target="_blank" rel="noreferrer">
              What you can do
            </a>
          </>
        )}
      </p>
      <Help problem={problem} />
    </div>
  );
}

/** Which scope is missing, where a quota is used, what the runbook says. */
function Help({ problem }: { problem: ShownProblem }) {
  const { quota, type = '', status } = problem;
  const { scope } = problem as { scope?: string };
  if (scope !== undefined) {
    const own = capabilities.value?.scopes.join(' and ') || 'none';
    return (
      <p class="small">
        You have the scope {own}. Sign in with a token that has the scope {scope}.
      </p>
    );
  }
  if (quota != null)
    return (
      <p class="small">
        The quota of {(quota as { name?: string }).name} is used up.{' '}
        <Link href={pathOf('home')}>Where it is used</Link>
      </p>
    );
  if (type.endsWith('filesystem-stopped')) return <StoppedSteps />;
  if (status === 429) return <p class="small">Nothing was changed. Try again in a few seconds.</p>;
  return null;
}
