// How a command ends: each error here has its exit code. Settings of the server and repairs have
// codes of their own, which docs/exit-codes.md lists.
import type { Problem } from './schemas.ts';

export const exitCodes = { ok: 0, refused: 1, usage: 2, unmet: 3, timedOut: 4 } as const;

/** An end of a command with a sentence for stderr. */
export abstract class CommandEnd extends Error {
  abstract readonly exitCode: number;
}

/** The server refused the request, or no server answered. */
export class Refused extends CommandEnd {
  override readonly name = 'Refused';
  readonly exitCode = exitCodes.refused;
  /** Null if the answer was no problem document, or there was no answer. */
  readonly problem: Problem | null;
  /** The URL of the request, to which the links of the problem are relative. */
  readonly url: string | undefined;

  constructor(message: string, problem: Problem | null = null, url?: string) {
    super(message);
    this.problem = problem;
    this.url = url;
  }
}

/** The command line or the environment cannot be used. */
export class UsageError extends CommandEnd {
  override readonly name = 'UsageError';
  readonly exitCode = exitCodes.usage;
}

/** An expectation of the caller does not hold. @public */
export class Unmet extends CommandEnd {
  override readonly name = 'Unmet';
  readonly exitCode = exitCodes.unmet;
}

/** The operation did not end in the time that the caller allowed. */
export class TimedOut extends CommandEnd {
  override readonly name = 'TimedOut';
  readonly exitCode = exitCodes.timedOut;
}

/** An end with a code of its own. With an empty message everything has been said. */
export class Ended extends CommandEnd {
  override readonly name = 'Ended';
  readonly exitCode: number;

  constructor(exitCode: number, message = '') {
    super(message);
    this.exitCode = exitCode;
  }
}
