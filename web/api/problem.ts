// Why the server refused something (RFC 9457), as an error that a view can show.
import type { Problem } from './schemas.ts';

/** The fields that every view may rely on. `status` 0: the server does not answer. */
export type ShownProblem = Pick<Problem, 'title' | 'status' | 'detail'> & Partial<Problem>;

export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: ShownProblem;

  constructor(problem: ShownProblem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export function problemOf(body: unknown, { status, statusText }: Response): ShownProblem {
  const known = typeof body === 'object' && body !== null && 'detail' in body;
  if (known) return body as ShownProblem;
  return { status, title: statusText, detail: `The server answered ${status} ${statusText}.` };
}

/** The problem of anything that was thrown; an error of our own is shown, not hidden. */
export function shownOf(error: unknown): ShownProblem {
  if (error instanceof ProblemError) return error.problem;
  return { status: 0, title: 'error of the page', detail: String(error) };
}

/** The server does not answer, or has too much to do. */
export const mayPass = (error: unknown): boolean =>
  error instanceof ProblemError &&
  (error.problem.status === 0 || error.problem.status === 429 || error.problem.status >= 500);
