import type { ShownProblem } from '../api/problem.ts';
import './problem-note.css';

/** What the server refused: detail, errno and the rule that fired, with a link to its text. */
export function ProblemNote({ problem }: { problem: ShownProblem }) {
  const { detail, errno, rule } = problem;
  return (
    <p class="problem" role="alert">
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
    </p>
  );
}
