// A moment of a story under another strategy: from here a person chooses who moves.
import { useSignal } from '@preact/signals';
import { readOnlyReason } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { choices } from '../state/choices.ts';
import { type Key, useKeys } from '../state/keys.ts';
import { param, pathOf, setParams } from '../state/location.ts';
import { waitGraph } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import { WhatHappened } from '../stepper/last-step.tsx';
import { stepText } from '../stepper/step-words.ts';
import { seqOf } from '../stepper/trail.ts';
import { VerdictBadge } from '../stepper/verdict-badge.tsx';
import { stepBack, takeStep } from '../stepper/walk.ts';
import { makeCall } from './play.ts';
import { endingText, nextCalls, type Story, withIds } from './told.ts';
import { ForksOfStory, TryUnder } from './try-under.tsx';

interface Option {
  id: string;
  who: string;
  does: string;
  run: () => Promise<unknown>;
}

export function FreeWalk({ story, fs }: { story: Story; fs: string }) {
  const options = [...stepOptions(fs), ...callOptions(story, fs)];
  const busy = useSignal(false);
  const take = async (option: Option | undefined) => {
    const reason = readOnlyReason.peek();
    if (reason !== null) notify(reason);
    if (reason !== null || option === undefined || busy.peek()) return;
    busy.value = true;
    await option.run().finally(() => {
      busy.value = false;
    });
  };
  useKeys([
    { key: ' ', does: 'Next move', run: () => void take(options[0]) },
    { key: 'ArrowRight', does: 'Next move', run: () => void take(options[0]) },
    { key: 'ArrowLeft', does: 'Back to the moment before', run: () => void stepBack(fs) },
    ...options.slice(0, 9).map(
      (option, at): Key => ({
        key: String(at + 1),
        does: `${option.who} ${option.does}`,
        run: () => void take(option),
      }),
    ),
  ]);
  const isEnd = isCaughtUp() && options.length === 0;
  return (
    <>
      <p>
        You left the story after move {param('free')} and went on under{' '}
        <strong>{watched.value?.picture?.strategy ?? story.told.strategy}</strong>. Choose who
        moves.
      </p>
      <div class="column happened" aria-live="polite">
        <WhatHappened />
      </div>
      {isEnd ? <Ending /> : null}
      <ol class="column">
        {options.map((option, at) => (
          <li key={option.id} class="row">
            <Button changes look={at === 0 ? 'primary' : 'plain'} onClick={() => take(option)}>
              {at < 9 ? <kbd>{at + 1}</kbd> : null} {option.who}
            </Button>
            <span>{option.does}</span>
          </li>
        ))}
      </ol>
      <div class="row">
        <Button changes shortcut="←" onClick={() => stepBack(fs)}>
          ← Back
        </Button>
        <Link href={pathOf('stepper', fs)} class="small">
          Open in the Stepper
        </Link>
      </div>
      {isEnd ? <TryUnder story={story} /> : null}
      <ForksOfStory fs={fs} />
    </>
  );
}

/**
 * Whether picture and choices are of the same moment. Before, a pin may be missing in the one, or a
 * task that has just been woken in the other.
 */
function isCaughtUp(): boolean {
  const [picture, data] = [watched.value?.picture, choices.value.data];
  if (!picture || data === null || seqOf(picture.cursor) < seqOf(data.cursor)) return false;
  const runs = [...picture.operations.values()].some(({ state }) => state === 'running');
  return !runs || data.choices.length > 0;
}

function stepOptions(fs: string): Option[] {
  const operations = watched.value?.picture?.operations;
  return (choices.value.data?.choices ?? []).map(({ task, nextStep }) => ({
    id: task,
    who: operations?.get(task)?.owner ?? task,
    does: stepText(nextStep),
    run: () => takeStep(fs, { task }),
  }));
}

/** The next call of each thread whose call before has ended. */
function callOptions(story: Story, fs: string): Option[] {
  const picture = watched.value?.picture;
  if (!picture) return [];
  const made = new Set((param('made') ?? '').split(',').filter(Boolean).map(Number));
  const live = [...picture.operations.values()].filter(({ state }) =>
    ['running', 'sleeping'].includes(state),
  );
  return nextCalls(story, made).flatMap(({ owner, call }) => {
    const [command, request] = [story.commands[call], story.requests[call]];
    if (command === undefined || request === undefined) return [];
    if (live.some((operation) => operation.owner === owner)) return [];
    const pin = [...picture.pins.values()].find((one) => one.owner === owner)?.id;
    const operation = live.find((one) => one.owner !== owner)?.id;
    if (command.op === 'unpin' && pin === undefined) return [];
    if (command.op === 'cancel' && operation === undefined) return [];
    const ids = { ...(pin && { pin }), ...(operation && { operation }) };
    const run = () =>
      attempt(async () => {
        const { data } = command as { data?: string };
        await makeCall(fs, { ...request, path: withIds(request.path, ids) }, data);
        setParams({ made: [...made, call].join(',') });
      });
    return [{ id: `call ${call}`, who: owner, does: `calls ${command.op}`, run }];
  });
}

function Ending() {
  const deadlocks = waitGraph.value.data?.cycles.length ?? 0;
  const sleepers = [...(watched.value?.picture?.operations.values() ?? [])].filter(
    ({ state }) => state === 'sleeping',
  ).length;
  const verdict = deadlocks > 0 ? 'deadlock' : sleepers > 0 ? 'hangs' : 'completes';
  return (
    <div class="card" role="status">
      <p class="verdict-line">
        <VerdictBadge verdict={verdict} /> <strong>{endingText(verdict)}</strong>
      </p>
    </div>
  );
}
