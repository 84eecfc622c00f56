/** What docs/runbook.md says about a filesystem that has stopped, in short. */
export function StoppedSteps() {
  return (
    <details>
      <summary>What to do</summary>
      <ol class="steps small">
        <li>Check for a full or failing disk first.</li>
        <li>If a batch could not be written, restart the server.</li>
        <li>
          If a law broke, a restart stops it at the same entry. Either delete the filesystem, or
          stop the server and skip the entry with <code>pinhole repair --skip</code>.
        </li>
      </ol>
      <p class="small">
        <a href="/docs/runbook#journal-stopped">The runbook</a> says more.
      </p>
    </details>
  );
}
