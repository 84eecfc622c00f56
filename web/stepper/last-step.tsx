// What the last step did, in words and with its events. Also a step that somebody else took.
import { computed } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { eventText } from '../parts/event-words.ts';
import { watched } from '../state/watched.ts';
import { eventsOfLastStep } from './last-events.ts';
import './last-step.css';
import { stepText, walkText } from './step-words.ts';
import { walked } from './walk.ts';

const shownMax = 12;

const last = computed(() => {
  const events = watched.value?.log.events ?? [];
  return eventsOfLastStep(events);
});

export function LastStep() {
  const fs = watched.value?.fs;
  const run = walked.value?.fs === fs ? walked.value?.answer : undefined;
  return (
    <section class="panel" aria-label="The last step">
      <header>
        <h2>The last step</h2>
      </header>
      <div aria-live="polite" class="column">
        {run !== undefined && run.steps !== 1 ? <p>{walkText(run)}</p> : null}
        {last.value.length > 0 ? (
          <WhatHappened />
        ) : (
          <p class="soft">Nothing has happened since you opened this filesystem.</p>
        )}
      </div>
    </section>
  );
}

/** The last command and what followed from it. `bare`: only what followed. */
export function WhatHappened({ bare = false }: { bare?: boolean }) {
  return last.value.length === 0 ? null : <Told events={last.value} bare={bare} />;
}

function Told({ events, bare }: { events: readonly PinholeEvent[]; bare: boolean }) {
  const [first, ...others] = events;
  if (first === undefined) return null;
  const more = others.length - shownMax;
  return (
    <>
      {bare ? null : <Command event={first} />}
      {others.length === 0 ? null : (
        <ul class="step-events">
          {others.slice(0, shownMax).map((event) => (
            <li key={event.id}>{eventText(event)}</li>
          ))}
          {more > 0 ? <li class="soft">and {more} more events</li> : null}
        </ul>
      )}
    </>
  );
}

function Command({ event }: { event: PinholeEvent }) {
  if (event.type !== 'pinhole.task.step') return <p>{`${eventText(event)}.`}</p>;
  const { operation, data } = event;
  const does = stepText(data.step);
  return (
    <p>
      <bdi>{operation === undefined ? data.op : `${operation} (${data.op})`}</bdi> took the step{' '}
      <code>{data.step}</code>: it {does}.
    </p>
  );
}
