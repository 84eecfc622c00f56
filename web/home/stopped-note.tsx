import { Button } from '../parts/button.tsx';
import type { StoppedFilesystem } from '../state/filesystems.ts';

/** A filesystem that stopped: why, and what the runbook says to do. */
export function StoppedNote(props: { stopped: StoppedFilesystem; onRemove: () => unknown }) {
  const { name, detail } = props.stopped;
  return (
    <div class="problem column" role="alert">
      <p>
        <strong>
          <bdi>{name}</bdi> has stopped.
        </strong>{' '}
        {detail}
      </p>
      <details>
        <summary>What to do (the entry “Journal stopped” of docs/runbook.md)</summary>
        <ol class="steps small">
          <li>Check for a full or failing disk first.</li>
          <li>If a batch could not be written, restart the server.</li>
          <li>
            If a law broke, a restart stops it at the same entry. Either delete the filesystem, or
            stop the server and skip the entry with <code>pinhole repair --skip</code>.
          </li>
        </ol>
      </details>
      <div class="row">
        <Button changes look="danger" label={`Delete ${name}`} onClick={props.onRemove}>
          Delete it
        </Button>
      </div>
    </div>
  );
}
