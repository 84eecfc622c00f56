// The machine beside the story: who does what, the device, who waits for whom, and when.
import { DevicePanel } from '../device/device-panel.tsx';
import { GraphPanel } from '../graph/graph-panel.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Thing } from '../parts/thing.tsx';
import { sleepsOn } from '../state/ids.ts';
import { watched } from '../state/watched.ts';
import { TimelinePanel } from '../timeline/timeline-panel.tsx';
import type { Story } from './told.ts';

export function MachineSide({ story }: { story: Story }) {
  return (
    <section class="column machine-side" aria-label="The machine">
      <Threads story={story} />
      <DevicePanel />
      <GraphPanel />
      <TimelinePanel />
    </section>
  );
}

/** A row for each call that was made, those of the threads of the story. */
function Threads({ story }: { story: Story }) {
  const picture = watched.value?.picture;
  if (!picture) return <p class="soft">Reading the state…</p>;
  const owners = new Set(story.threads.map(({ owner }) => owner));
  const all = [...picture.operations.values()].filter(
    ({ owner, state }) => owners.has(owner ?? '') || !['done', 'failed'].includes(state),
  );
  const pins = [...picture.pins.values()];
  return (
    <section class="panel">
      <header>
        <h2>Who does what</h2>
      </header>
      {all.length === 0 ? <p class="soft">Nobody has made a call yet.</p> : null}
      <ul class="threads">
        {all.slice(-12).map((operation) => {
          const on = sleepsOn(picture, operation.id);
          return (
            <li key={operation.id} class="row">
              <StateBadge operation={operation} />
              <Thing id={operation.id} />
              {on === null ? null : (
                <>
                  <span class="soft small">sleeps on</span>
                  <Thing id={on} />
                </>
              )}
            </li>
          );
        })}
        {pins.map(({ id, collecting }) => (
          <li key={id} class="row">
            <Thing id={id} />
            {collecting ? <span class="soft small">collects pages</span> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
