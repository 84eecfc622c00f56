// The controls of a stepped filesystem in the bar, and the keys of every view that shows it.
import { useSignalEffect } from '@preact/signals';
import { readOnlyReason } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { notify } from '../parts/notices.tsx';
import { choices, steppedFilesystem } from '../state/choices.ts';
import { type Key, useKeys } from '../state/keys.ts';
import { openFilesystem, place } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import './step-controls.css';
import { laterOf } from './trail.ts';
import { seed, seePicture, stepBack, stepForward, takeStep, trail } from './walk.ts';

export function StepControls() {
  const open = openFilesystem.value;
  // A moment of the trail is stepped, also before it is read: so no quick key is lost.
  const isRead = watched.value?.fs === open && watched.value?.picture !== null;
  const isKnown = trail.value.some((stop) => stop.fs === open);
  const fs = isRead || !isKnown ? steppedFilesystem.value : open;
  useSignalEffect(seePicture);
  // A lecture has keys and buttons of its own.
  return fs === null || place.value.view === 'story' ? null : <Controls fs={fs} />;
}

function Controls({ fs }: { fs: string }) {
  useKeys(stepKeys(fs));
  const after = laterOf(trail.value, fs);
  return (
    <div class="step-controls" role="toolbar" aria-label="Steps">
      <Button
        changes
        label="Back one step"
        title="Back: a fork of the moment before"
        shortcut="←"
        onClick={() => stepBack(fs)}
      >
        ◂
      </Button>
      <Button
        changes
        title="The task that is next takes a step"
        shortcut="Space"
        disabledBecause={idleReason()}
        onClick={() => takeStep(fs, {})}
      >
        Step
      </Button>
      <Button
        changes
        label="Run until an operation sleeps"
        title="Run until an operation sleeps, or all have ended"
        disabledBecause={idleReason()}
        onClick={() => takeStep(fs, { until: 'blocked' })}
      >
        ▸▸
      </Button>
      <Button
        label="Forward one step"
        title={`Forward to ${after ?? 'the moment after'}`}
        shortcut="→"
        disabledBecause={after === null ? 'You did not come from a later moment.' : null}
        onClick={() => stepForward(fs)}
      >
        ▸
      </Button>
    </div>
  );
}

/** Why no step can be taken now. null while that is not known. */
export function idleReason(): string | null {
  const all = choices.value.data?.choices;
  if (all === undefined || all.some(({ task }) => task !== 'timer')) return null;
  return 'Nobody can take a step: every operation sleeps or has ended.';
}

/** Space, ←, →, R, and a digit for each task that can take a step. */
function stepKeys(fs: string): Key[] {
  const change = (does: () => unknown) => () => {
    const reason = readOnlyReason.peek();
    if (reason === null) void does();
    else notify(reason);
  };
  const idle = idleReason();
  const step = change(() => (idle === null ? takeStep(fs, {}) : notify(idle)));
  const byChance = change(() => takeStep(fs, { random: { seed: seed.peek() } }));
  const tasks = (choices.value.data?.choices ?? []).slice(0, 9);
  return [
    { key: ' ', does: 'Step', run: step },
    {
      key: 'ArrowLeft',
      does: 'Back: a fork of the moment before',
      run: change(() => stepBack(fs)),
    },
    { key: 'ArrowRight', does: 'Forward again', run: () => stepForward(fs) },
    { key: 'r', does: 'A step by chance', run: byChance },
    ...tasks.map(({ task }, at) => ({
      key: String(at + 1),
      does: task === 'timer' ? 'The clock, to its next timer' : `A step of ${task}`,
      run: change(() => takeStep(fs, { task })),
    })),
  ];
}
