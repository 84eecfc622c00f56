// What the last step did, in words and with its events. Also a step that somebody else took.
import { computed } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { eventText } from '../parts/event-words.ts';
import { watched } from '../state/watched.ts';
import { eventsOfLastStep } from './last-events.ts';
import { stepText, walkText } from './step-words.ts';
import { walked } from './walk.ts';

const shownMax = 12;

const last = computed(() => {
  const events = watched.value?.log.events ?? [];
  return eventsOfLastStep(events);
});

export function LastStep() {
  const events = last.value;
  const fs = watched.value?.fs;
  const run = walked.value?.fs === fs ? walked.value?.answer : undefined;
  return (
    <section class="panel" aria-label="The last step">
      <header>
        <h2>The last step</h2>
      </header>
      <div aria-live="polite" class="column">
        {run !== undefined && run.steps !== 1 ? <p>{walkText(run)}</p> : null}
        {events.length === 0 ? (
          <p class="soft">Nothing has happened since you opened this filesystem.</p>
        ) : (
          <Told events={events} />
        )}
      </div>
    </section>
  );
}

function Told({ events }: { events: readonly PinholeEvent[] }) {
  const [first, ...others] = events;
  if (first === undefined) return null;
  const isStep = first.type === 'pinhole.task.step';
  const more = others.length - shownMax;
  return (
    <>
      <p>{isStep ? stepSentence(first) : `${eventText(first)}.`}</p>
      {others.length === 0 ? (
        isStep ? (
          <p class="soft small">Nobody else notices it.</p>
        ) : null
      ) : (
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

function stepSentence({ operation, data }: PinholeEvent & { type: 'pinhole.task.step' }) {
  const who = operation === undefined ? data.op : `${operation} (${data.op})`;
  return (
    <>
      <bdi>{who}</bdi> took the step <code>{data.step}</code>: it {stepText(data.step)}.
    </>
  );
}
