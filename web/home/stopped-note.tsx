import { Button } from '../parts/button.tsx';
import { StoppedSteps } from '../parts/runbook.tsx';
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
      <StoppedSteps />
      <div class="row">
        <Button changes look="danger" label={`Delete ${name}`} onClick={props.onRemove}>
          Delete it
        </Button>
      </div>
    </div>
  );
}
