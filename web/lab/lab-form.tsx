// A new lab: a preset or a workload of one's own, the strategies and the seeds.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, readOnlyReason, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { useKeys } from '../state/keys.ts';
import { go, param, pathOfLab, setParams } from '../state/location.ts';
import { change, choosable, draft } from './draft.ts';
import { StrategyLabel } from './line-chart.tsx';
import { WorkloadEditor, type WrongField } from './workload-editor.tsx';

type PresetSummary = Schemas['LabPresetSummary'];

export function LabForm() {
  const problem = useSignal<ShownProblem | null>(null);
  const presets = usePresets();
  const run = async () => {
    problem.value = null;
    try {
      const { id } = await body(rest.peek().POST('/v1/labs', { body: asked() }));
      go(pathOfLab(id));
    } catch (error) {
      problem.value = shownOf(error);
    }
  };
  useKeys([
    {
      key: 'r',
      does: 'Run the lab',
      run: () => {
        const reason = readOnlyReason.peek();
        if (reason === null) void run();
        else notify(reason);
      },
    },
  ]);
  const { text, strategies } = draft.value;
  const because =
    text.trim() === ''
      ? 'Choose a preset or write a workload first.'
      : strategies.length === 0
        ? 'Choose a strategy first.'
        : null;
  return (
    <section class="column lab-form" aria-labelledby="new-lab">
      <h2 id="new-lab">New lab</h2>
      <Presets presets={presets} />
      <WorkloadEditor fields={problem.value?.fields ?? []} />
      <Strategies />
      <div class="row">
        <Seeds />
      </div>
      {problem.value === null ? null : <Refusal problem={problem.value} />}
      <div class="row">
        <Button changes look="primary" shortcut="R" onClick={run} disabledBecause={because}>
          Run
        </Button>
        <span class="soft small">
          It runs on the server. You can leave this view, and cancel it at any time.
        </span>
      </div>
    </section>
  );
}

/** A preset that was not changed goes by its name, so that the lab says which one it was. */
function asked() {
  const { preset, text, original, strategies, seeds } = draft.peek();
  return {
    ...(preset !== '' && text === original ? { preset } : { workload: text }),
    strategies: [...strategies],
    seeds: Number(seeds),
  };
}

/** A problem of a line is shown at the editor. */
function Refusal({ problem }: { problem: ShownProblem }) {
  const fields: readonly WrongField[] = problem.fields ?? [];
  const inLines = fields.length > 0 && fields.every(({ line }) => line !== undefined);
  return inLines ? null : <ProblemNote problem={problem} />;
}

function usePresets(): Signal<readonly PresetSummary[]> {
  const presets = useSignal<readonly PresetSummary[]>([]);
  useEffect(() => {
    const wanted = param('preset');
    if (wanted !== null && wanted !== draft.peek().preset) void choose(wanted);
    void attempt(() => body(rest.peek().GET('/v1/labs/presets'))).then((list) => {
      presets.value = list?.items ?? [];
    });
  }, []);
  return presets;
}

async function choose(preset: string): Promise<void> {
  setParams({ preset: preset === '' ? null : preset });
  if (preset === '') {
    change({ preset: '' });
    return;
  }
  const params = { path: { preset } };
  const found = await attempt(() => body(rest.peek().GET('/v1/labs/presets/{preset}', { params })));
  if (found !== null) change({ preset, text: found.text, original: found.text });
}

function Presets({ presets }: { presets: Signal<readonly PresetSummary[]> }) {
  const { preset, text, original } = draft.value;
  const chosen = presets.value.find(({ name }) => name === preset);
  return (
    <>
      <label class="lab-preset">
        Preset
        <select value={preset} onChange={({ currentTarget }) => void choose(currentTarget.value)}>
          <option value="">none: a workload of your own</option>
          {presets.value.map(({ name, about }) => (
            <option key={name} value={name}>
              {name}: {about}
            </option>
          ))}
        </select>
      </label>
      {chosen === undefined ? null : (
        <p class="soft small labs-about">
          {chosen.source}
          {text === original ? '' : ' You have changed the text.'}
        </p>
      )}
    </>
  );
}

function Strategies() {
  const { strategies } = draft.value;
  const toggle = (name: string) =>
    change({
      strategies: choosable.filter((one) => strategies.includes(one) !== (one === name)),
    });
  return (
    <fieldset class="lab-strategies">
      <legend>Strategies</legend>
      {choosable.map((name) => (
        <label key={name} class="inline">
          <input
            type="checkbox"
            checked={strategies.includes(name)}
            onChange={() => toggle(name)}
          />
          <StrategyLabel strategy={name} />
        </label>
      ))}
    </fieldset>
  );
}

function Seeds() {
  return (
    <label title="Each seed is a run under each strategy. With fewer than 8 the interval says little.">
      Seeds
      <input
        type="number"
        min="1"
        max="1000"
        value={draft.value.seeds}
        onInput={({ currentTarget }) => change({ seeds: currentTarget.value })}
      />
    </label>
  );
}
