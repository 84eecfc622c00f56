import { signal } from '@preact/signals';
import type { ChoiceName, Choices } from '../lab/choices.ts';
import { LabHead } from '../lab/lab-head.tsx';
import type { LabResult } from '../lab/result.ts';
import { ResultView } from '../lab/result-view.tsx';
import './report.css';

const chosen = signal<ReadonlyMap<ChoiceName, string>>(new Map());

const choices: Choices = {
  read: (name) => chosen.value.get(name) ?? null,
  write(name, value) {
    const next = new Map(chosen.value);
    if (value === null) next.delete(name);
    else next.set(name, value);
    chosen.value = next;
  },
};

export function Report({ result }: { result: LabResult | null }) {
  if (result === null)
    return (
      <main class="view">
        <h1>No result</h1>
        <p>This is the template of a report. pinhole lab run --html writes a result into it.</p>
      </main>
    );
  return (
    <main class="view lab-report">
      <LabHead result={result} />
      <ResultView result={result} choices={choices} />
      <details class="twin">
        <summary>the workload, as JSON</summary>
        <p class="small soft">
          Save it as a file: <code>pinhole lab run FILE</code> runs it again and gives the same
          digest with the same seeds, strategies and version.
        </p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard. */}
        <section class="scrolls" tabIndex={0} aria-label="The workload">
          <pre>{JSON.stringify(result.workload, null, 2)}</pre>
        </section>
      </details>
    </main>
  );
}
