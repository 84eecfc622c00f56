// Ends a test run with one line for people and programs: `N passed, N failed`, and `, N skipped` if
// any were.
import type { TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node';
import type { Reporter } from 'vitest/reporters';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const hasErrors = (scope: TestModule | TestSuite): boolean => scope.errors().length > 0;

/**
 * A file that doesn't load, a hook that throws and an error that nobody awaits each count as one
 * failure.
 */
function count(modules: readonly TestModule[], unhandledErrors: number): Counts {
  const counts = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    if (hasErrors(module)) counts.failed += 1;
    for (const suite of module.children.allSuites()) if (hasErrors(suite)) counts.failed += 1;
    for (const test of module.children.allTests()) counts[outcome(test)] += 1;
  }
  return counts;
}

function outcome(test: TestCase): keyof Counts {
  const { state } = test.result();
  return state === 'pending' ? 'failed' : state;
}

export class ClosingLine implements Reporter {
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  // The other reporters print at the end of the run too; only the end of the process comes after
  // all of them.
  onInit(): void {
    process.once('exit', (code) => {
      const { passed, failed, skipped } = this.#counts;
      // Vitest can fail as a whole, for instance when it finds no tests.
      const failures = failed === 0 && code !== 0 ? 1 : failed;
      if (failures > 0 && code === 0) process.exitCode = 1;
      process.stdout.write(
        `${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
      );
    });
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    this.#counts = count(modules, unhandledErrors.length);
    if (reason === 'interrupted' && this.#counts.failed === 0) this.#counts.failed = 1;
  }
}
