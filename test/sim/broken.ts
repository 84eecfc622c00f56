// The three kinds of failure: an oracle throws Broken, the machine throws Panic, and every other
// error is a bug of the simulator itself.
import { Panic } from '../../src/kernel/panic.ts';

/** What the simulator says when something is not as it must be; `law` is what shrinking keeps. */
export class Broken extends Error {
  readonly law: string;
  constructor(law: string, where: string) {
    super(`${law}: ${where}`);
    this.law = law;
  }
}

/**
 * Who noticed: an oracle of the simulator, a law of the kernel's own table, an assertion of the
 * kernel; or nobody, the simulator is wrong.
 */
export type NoticedBy = 'oracle' | 'law' | 'panic' | 'harness';

export function noticedBy(error: unknown): NoticedBy {
  if (error instanceof Broken) return 'oracle';
  if (!(error instanceof Panic)) return 'harness';
  return /^law \w+/.test(error.message) ? 'law' : 'panic';
}

/** Runs the machine. Whatever it throws is its own fault, not ours. */
export function machinery<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof Panic || error instanceof Broken) throw error;
    throw new Panic(`it threw ${(error as Error).stack}`);
  }
}
