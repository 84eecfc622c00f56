// The way that the story tells: Next makes its next move, Back opens the moment before.
import { useSignal, useSignalEffect } from '@preact/signals';
import { readOnlyReason } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { choices } from '../state/choices.ts';
import { useKeys } from '../state/keys.ts';
import { go, param, pathOf, setParams } from '../state/location.ts';
import { WhatHappened } from '../stepper/last-step.tsx';
import { laterOf } from '../stepper/trail.ts';
import { VerdictBadge } from '../stepper/verdict-badge.tsx';
import { makeFork, stepBack, trail } from '../stepper/walk.ts';
import { MoveList } from './move-list.tsx';
import { beginHere, makeMove } from './play.ts';
import {
  callsIn,
  choiceOf,
  endingText,
  type Move,
  moveText,
  questionAt,
  type Story,
} from './told.ts';
import { ForksOfStory, TryUnder } from './try-under.tsx';

/** How many moves were made: the filesystem says it, until then the address. */
function positionIn(story: Story): number {
  const { data } = choices.value;
  return data === null ? Number(param('step') ?? 0) : data.commands - story.prepared;
}

/** Whether the filesystem can make the move now. Somebody else may have taken another step. */
function canMake(move: Move | undefined): boolean {
  const all = choices.value.data?.choices;
  if (move?.task === undefined || all === undefined) return true;
  return all.some(
    ({ task, nextStep }) =>
      task === move.task && (nextStep === move.step || !task.startsWith('op_')),
  );
}

export function ToldWay({ story, fs }: { story: Story; fs: string }) {
  const at = positionIn(story);
  const { next, back, busy } = useMoves(story, fs, at);
  useSignalEffect(() => {
    if (choices.value.data !== null) setParams({ step: String(positionIn(story)) });
  });
  const { steps, questions, told } = story;
  const isOff = at > steps.length || at < 0 || !canMake(steps[at]);
  const atEnd = at === steps.length;
  const asks = at === questionAt(steps);
  if (isOff) return <OffTheWay story={story} fs={fs} onBack={back} at={at} />;
  return (
    <>
      {at === 0 ? <p>{story.text}</p> : <Text story={story} />}
      <Progress at={at} of={steps.length} />
      {at === 0 ? null : <Happened move={steps[at - 1]} />}
      {atEnd ? (
        <div class="card" role="status">
          <p class="verdict-line">
            <VerdictBadge verdict={told.verdict} /> <strong>{endingText(told.verdict)}</strong>
          </p>
          <Questions of={questions.slice(1)} />
        </div>
      ) : asks ? (
        <div class="card asks">
          <h2>What happens now?</h2>
          <p>{questions[0]}</p>
        </div>
      ) : (
        <p class="next-move">
          <span class="label">Next</span> {textOf(steps[at])}
        </p>
      )}
      <div class="row">
        <Button
          changes
          shortcut="←"
          disabledBecause={at === 0 ? 'This is the beginning.' : null}
          onClick={back}
        >
          ← Back
        </Button>
        <Button
          changes
          look="primary"
          shortcut="Space"
          disabledBecause={atEnd ? 'This is the end.' : busy ? 'The move is under way.' : null}
          onClick={next}
        >
          {asks ? 'Show what happens' : 'Next →'}
        </Button>
        <StrategyHere story={story} fs={fs} at={at} />
      </div>
      <MoveList story={story} upTo={at} />
      {atEnd ? <TryUnder story={story} /> : null}
      <ForksOfStory fs={fs} />
    </>
  );
}

function useMoves(story: Story, fs: string, at: number) {
  const busy = useSignal(false);
  const move = story.steps[at];
  const alone = async (does: () => Promise<unknown>) => {
    const reason = readOnlyReason.peek();
    if (reason !== null) notify(reason);
    if (reason !== null || busy.peek()) return;
    busy.value = true;
    try {
      await does();
    } finally {
      busy.value = false;
    }
  };
  const next = () =>
    alone(async () => {
      const later = laterOf(trail.peek(), fs);
      if (later !== null) setParams({ fs: later, step: String(at + 1) });
      else if (move !== undefined) await makeMove(fs, move);
    });
  const back = () =>
    alone(async () => {
      if (at === 0) return;
      await stepBack(fs);
      if (param('fs') !== fs) setParams({ step: String(at - 1) });
    });
  useKeys([
    { key: ' ', does: 'Next move', run: () => void next() },
    { key: 'ArrowRight', does: 'Next move', run: () => void next() },
    { key: 'ArrowLeft', does: 'Back to the moment before', run: () => void back() },
  ]);
  return { next, back, busy: busy.value };
}

function Text({ story }: { story: Story }) {
  return (
    <details>
      <summary>What the story is about</summary>
      <p>{story.text}</p>
    </details>
  );
}

function Progress({ at, of }: { at: number; of: number }) {
  return (
    <div class="row lecture-progress">
      <progress value={at} max={of} aria-label="Moves made" />
      <span class="number small">
        {at} / {of}
      </span>
    </div>
  );
}

function Happened({ move }: { move: Move | undefined }) {
  return (
    <div class="column happened" aria-live="polite">
      <p>{textOf(move)}</p>
      <WhatHappened bare />
    </div>
  );
}

const textOf = (move: Move | undefined): string => (move === undefined ? '' : moveText(move));

function Questions({ of }: { of: readonly string[] }) {
  if (of.length === 0) return null;
  return (
    <>
      <h2>To think about</h2>
      <ul class="questions">
        {of.map((question) => (
          <li key={question}>{question}</li>
        ))}
      </ul>
    </>
  );
}

/** The same moment under another strategy, as a fork. From there nobody has told the way. */
function StrategyHere({ story, fs, at }: { story: Story; fs: string; at: number }) {
  const columns = Object.keys(story.strategies).filter((name) => name !== story.told.strategy);
  const change = async (column: string) => {
    const name = await attempt(() =>
      makeFork(fs, { from: { filesystem: fs }, strategy: choiceOf(column) }),
    );
    if (name === null) return;
    const query = new URLSearchParams({ strategy: column, fs: name, free: String(at) });
    query.set('made', callsIn(story.steps, at).join(','));
    go(`${pathOf('story', null, story.id)}?${query}`);
  };
  return (
    <label class="inline">
      <span>under</span>
      <select
        value=""
        disabled={readOnlyReason.value !== null}
        title="Fork this moment and go on there under another strategy"
        onChange={({ currentTarget }) => void change(currentTarget.value)}
      >
        <option value="">{story.told.strategy}</option>
        {columns.map((column) => (
          <option key={column} value={column}>
            {column} from here
          </option>
        ))}
      </select>
    </label>
  );
}

function OffTheWay(props: { story: Story; fs: string; at: number; onBack: () => unknown }) {
  const { story, fs, at, onBack } = props;
  const free = () => {
    const made = callsIn(story.steps, Math.max(0, at)).join(',');
    setParams({ free: String(at), made, step: null });
  };
  return (
    <div class="card">
      <p>
        {fs} has left the way of the story: another step was taken. Go back, begin again, or go on
        from here without the text.
      </p>
      <div class="row">
        <Button changes onClick={onBack}>
          ← Back
        </Button>
        <Button changes onClick={() => beginHere(story)}>
          Begin again
        </Button>
        <Button onClick={free}>Go on from here</Button>
      </div>
    </div>
  );
}
