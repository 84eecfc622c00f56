// What would end a wait, the path so far, and what the other strategies would do.
import type { PinholeEvent } from 'pinhole/client';
import { useRef } from 'preact/hooks';
import { body, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { eventText } from '../parts/event-words.ts';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Sentence } from '../parts/sentence.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import { durationText } from '../parts/words.ts';
import { useLive } from '../state/live.ts';
import { concernsWaits } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import { cancel, release, releaseAll } from './release.ts';
import {
  type Explanation,
  endingSentence,
  firstRelease,
  otherText,
  type Release,
  type ReleaseStep,
  releaseLabel,
} from './stuck-sentence.ts';

/** The explanation of one operation; read again when an event concerns it. */
export function useExplanation(fs: string, operation: string) {
  const last = useRef<Explanation | null>(null);
  const live = useLive<Explanation>(
    `${fs} ${operation}`,
    (signal) =>
      body(
        rest.value.GET('/v1/filesystems/{fs}/operations/{operation}/explain', {
          params: { path: { fs, operation } },
          signal,
        }),
      ),
    (event) => concernsWaits(event) && concerns(last.current, operation, event),
  );
  last.current = live.value.data;
  return live;
}

/** Whether the event is about the operation, its file, or what it waits for. */
function concerns(
  data: Explanation | null,
  operation: string,
  { type, operation: of, data: told }: PinholeEvent,
): boolean {
  if (data === null || of === operation || type === 'pinhole.strategy.changed') return true;
  if (told.ino !== undefined && told.ino === data.operation.ino) return true;
  const ids = data.released?.order.map(({ id }) => id) ?? [];
  return ids.some((id) => id === of || ('pin' in told && told.pin === id));
}

export function Explained({ fs, operation }: { fs: string; operation: string }) {
  const { data, problem } = useExplanation(fs, operation).value;
  if (problem !== null && data === null) return <ProblemNote problem={problem} />;
  if (data === null) return <p class="soft">Reading the explanation…</p>;
  const pins = data.operation.blockedBy.flatMap((by) => ('pin' in by && by.pin ? [by.pin] : []));
  const known = data.notRun === null ? null : firstRelease(pins);
  return (
    <div class="explained">
      <div class="explained-part">
        <section class="column">
          <h3>What would end it</h3>
          <p>
            <Sentence parts={endingSentence(data.released, data.notRun, known)} />
          </p>
          {known === null ? null : (
            <div class="row">
              <ReleaseButton fs={fs} step={known} />
            </div>
          )}
          <Order fs={fs} released={data.released} />
          <Signals fs={fs} of={data.operation} released={data.released} />
        </section>
        <section class="column">
          <h3>The path it took so far</h3>
          <Path steps={data.path} />
        </section>
      </div>
      <div class="explained-part">
        <section class="column">
          <h3>What the other strategies would do now</h3>
          <Others explanation={data} />
        </section>
        {data.behind.length === 0 ? null : <Behind behind={data.behind} />}
      </div>
    </div>
  );
}

function Order({ fs, released }: { fs: string; released: Release | null }) {
  const order = released?.order ?? [];
  if (released === null || order.length === 0) return null;
  return (
    <>
      <ol class="column releases">
        {order.map((step, at) => (
          <li key={step.id} class="row">
            <span class="number soft">{at + 1}</span>
            <Thing id={step.id} />
            <span class="soft small">{aboutStep(released, step)}</span>
            <ReleaseButton fs={fs} step={step} />
          </li>
        ))}
      </ol>
      {order.length < 2 ? null : (
        <div class="row">
          <Button changes onClick={() => releaseAll(fs, order)}>
            {`Do all ${order.length} in order`}
          </Button>
        </div>
      )}
    </>
  );
}

function aboutStep({ pins, signals }: Release, { do: what, id }: ReleaseStep): string {
  if (what === 'unpin') return pins.find(({ pin }) => pin === id)?.kind ?? '';
  if (what === 'munmap') return 'the idle rule counts mappings';
  return signals.some(({ operation }) => operation === id) ? 'no pin can go, but a signal can' : '';
}

export function ReleaseButton({ fs, step }: { fs: string; step: ReleaseStep }) {
  return (
    <Button changes onClick={() => release(fs, step)}>
      {releaseLabel(step)}
    </Button>
  );
}

function Signals(props: { fs: string; of: Explanation['operation']; released: Release | null }) {
  const { fs, of, released } = props;
  const { id, sleepingOn } = of;
  if (sleepingOn === null) return null;
  const because =
    sleepingOn.state === 'S' ? null : `It is in state ${sleepingOn.state}: no signal ends it.`;
  return (
    <div class="row">
      {released?.order.some((step) => step.id === id) === true ? null : (
        <Button
          changes
          disabledBecause={because}
          onClick={() => cancel(fs, id, { restart: false })}
        >
          {`Cancel ${id}`}
        </Button>
      )}
      <Button
        changes
        disabledBecause={because}
        title="The call begins again after the signal (SA_RESTART), and waits again"
        onClick={() => cancel(fs, id, { restart: true })}
      >
        {`Restart ${id}`}
      </Button>
      <span class="soft small">
        {because ?? (
          <>
            State <Term of="S">S</Term>: a signal ends it with EINTR.
          </>
        )}
      </span>
    </div>
  );
}

function Others({ explanation }: { explanation: Explanation }) {
  const { others, strategy, notRun } = explanation;
  const picture = watched.value?.picture ?? null;
  if (others.length === 0)
    return <p class="soft">{notRun === null ? 'There is no other.' : `Not known: ${notRun}.`}</p>;
  if (picture === null) return null;
  return (
    <div class="scrolls">
      <table class="others">
        <thead>
          <tr>
            <th>Strategy</th>
            <th>It would</th>
            <th class="number">Busy</th>
            <th class="number">Detached</th>
            <th class="number">Deadlocks</th>
            <th class="number">Warnings</th>
          </tr>
        </thead>
        <tbody>
          <tr class="soft">
            <td>{strategy.name} (now)</td>
            <td>sleep on</td>
            <td class="number" colSpan={4} />
          </tr>
          {others.map((other) => (
            <tr key={other.strategy}>
              <td>{other.strategy}</td>
              <td>{otherText(picture, other)}</td>
              <td class="number">{other.blocksBusy}</td>
              <td class="number">{other.blocksDetached}</td>
              <td class="number">{other.deadlocks}</td>
              <td class="number">{other.warnings}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Path({ steps }: { steps: Explanation['path'] }) {
  const [first] = steps;
  if (first === undefined) return <p class="soft">Its events are no longer kept.</p>;
  return (
    <ol class="steps-taken">
      {steps.map(({ seq, timeMs, type, data }) => (
        <li key={seq}>
          <span class="number soft" title={`Event ${seq}`}>
            +{durationText(timeMs - first.timeMs)}
          </span>
          <span>{eventText({ type, data }, { bare: true })}</span>
        </li>
      ))}
    </ol>
  );
}

/** As many chips as fit into two lines. */
const behindShown = 12;

function Behind({ behind }: { behind: Explanation['behind'] }) {
  return (
    <section class="column">
      <h3>Behind it wait</h3>
      <div class="row">
        {behind.slice(0, behindShown).map(({ operation }) => (
          <Thing key={operation} id={operation} />
        ))}
        {behind.length > behindShown ? (
          <span class="soft">
            {/* The server lists 100 at most. */}
            and {behind.length < 100 ? `${behind.length - behindShown} more` : 'many more'}
          </span>
        ) : null}
      </div>
    </section>
  );
}
