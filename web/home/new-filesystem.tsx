// New: mkfs as a form. Name and size are enough; every other option has its default.
import { type Signal, useSignal } from '@preact/signals';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { capabilities } from '../api/session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { create, freeName, type NewFilesystem } from './begin.ts';
import { Check, Choice, NameField, Submit } from './fields.tsx';
import { type OptionSchema, StrategyOptions } from './strategy-options.tsx';

const units = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
type Unit = keyof typeof units;

/** What the form holds. An empty strategy: what the kernel does for this kind. */
interface Form {
  size: string;
  unit: Unit;
  kind: string;
  kernel: string;
  strategy: string;
  options: Record<string, unknown>;
  clock: string;
  scheduler: string;
  events: string;
  buckets: string;
  keyed: boolean;
  persistenceDomain: string;
  extentMaxZerooutKb: string;
  folioGranularity: boolean;
}

const usual: Form = {
  size: '64',
  unit: 'MiB',
  kind: 'xfs',
  kernel: '7.3',
  strategy: '',
  options: {},
  clock: 'realtime',
  scheduler: 'auto',
  events: '',
  buckets: '256',
  keyed: true,
  persistenceDomain: 'adr',
  extentMaxZerooutKb: '0',
  folioGranularity: false,
};

/** The arguments of mkfs. What was left at its default is left out where the server decides. */
function argsOf(name: string, form: Form): NewFilesystem {
  const { strategy, options, events } = form;
  return {
    name,
    sizeBytes: Math.round(Number(form.size) * units[form.unit]),
    kind: form.kind,
    kernel: form.kernel,
    clock: form.clock,
    scheduler: form.scheduler,
    persistenceDomain: form.persistenceDomain,
    folioGranularity: form.folioGranularity,
    extentMaxZerooutKb: Number(form.extentMaxZerooutKb),
    waitqueue: { buckets: Number(form.buckets), keyed: form.keyed },
    ...(strategy === '' ? {} : { strategy: { name: strategy, ...options } }),
    ...(events === '' ? {} : { events }),
  } as NewFilesystem;
}

export function NewFilesystemDialog({ onClose }: { onClose: () => void }) {
  const name = useSignal(freeName('scratch'));
  const form = useSignal(usual);
  const problem = useSignal<ShownProblem | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    problem.value = null;
    try {
      await create(argsOf(name.value, form.value));
    } catch (error) {
      problem.value = shownOf(error);
    }
  };
  return (
    <Dialog title="New filesystem" onClose={onClose}>
      <form class="column" onSubmit={submit}>
        <div class="form-grid">
          <NameField value={name} />
          <Size form={form} />
        </div>
        <Usual form={form} />
        <details>
          <summary>More</summary>
          <Rare form={form} />
        </details>
        {problem.value === null ? null : <ProblemNote problem={problem.value} />}
        <Submit>Create</Submit>
      </form>
    </Dialog>
  );
}

const change = (form: Signal<Form>, part: Partial<Form>): void => {
  form.value = { ...form.value, ...part };
};

function Size({ form }: { form: Signal<Form> }) {
  return (
    <div class="row size">
      <label>
        Size
        <input
          type="number"
          required
          min="1"
          step="any"
          value={form.value.size}
          onInput={({ currentTarget }) => change(form, { size: currentTarget.value })}
        />
      </label>
      <Choice
        label="Unit"
        value={form.value.unit}
        options={(Object.keys(units) as Unit[]).map((unit) => [unit, unit])}
        onChoice={(unit) => change(form, { unit })}
      />
    </div>
  );
}

function Usual({ form }: { form: Signal<Form> }) {
  const { kind, kernel, strategy, clock, scheduler, events } = form.value;
  const { kinds = [kind], kernels = [kernel], strategies = [] } = capabilities.value ?? {};
  const chosen = strategies.find(({ name }) => name === strategy);
  return (
    <>
      <div class="form-grid">
        <Choice
          label="Kind"
          value={kind}
          options={kinds.map((one) => [one, one])}
          onChoice={(one) => change(form, { kind: one })}
        />
        <Choice
          label="Kernel"
          value={kernel}
          options={[...kernels].reverse().map((one) => [one, `Linux ${one}`])}
          onChoice={(one) => change(form, { kernel: one })}
        />
        <Choice
          label="Strategy"
          value={strategy}
          options={[
            ['', 'as on this kernel'],
            ...strategies.map(({ name }) => [name, name] as const),
          ]}
          onChoice={(one) => change(form, { strategy: one, options: {} })}
        />
        <Choice
          label="Clock"
          value={clock}
          title="manual: time moves only when you advance it"
          options={[
            ['realtime', 'realtime'],
            ['manual', 'manual'],
          ]}
          onChoice={(one) => change(form, { clock: one })}
        />
        <Choice
          label="Scheduler"
          value={scheduler}
          title="stepped: each step of each operation is yours to take"
          options={[
            ['auto', 'auto: it runs by itself'],
            ['stepped', 'stepped: you take each step'],
          ]}
          onChoice={(one) => change(form, { scheduler: one })}
        />
        <Choice
          label="Events"
          value={events}
          title="detailed: also locks, and each step of a stepped scheduler"
          options={[
            ['', 'as the scheduler needs'],
            ['standard', 'standard'],
            ['detailed', 'detailed'],
          ]}
          onChoice={(one) => change(form, { events: one })}
        />
      </div>
      {chosen === undefined ? null : (
        <>
          <p class="small soft">{chosen.summary}</p>
          <StrategyOptions
            schema={chosen.options as OptionSchema}
            values={form.value.options}
            onChange={(options) => change(form, { options })}
          />
        </>
      )}
    </>
  );
}

function Rare({ form }: { form: Signal<Form> }) {
  const now = form.value;
  return (
    <div class="form-grid">
      <Choice
        label="Buckets of the waitqueues"
        value={now.buckets}
        title="One bucket: all sleepers of all pages queue together"
        options={Array.from({ length: 17 }, (_, n) => [String(2 ** n), String(2 ** n)] as const)}
        onChoice={(buckets) => change(form, { buckets })}
      />
      <Choice
        label="Persistence domain"
        value={now.persistenceDomain}
        title="adr loses cache lines that were not flushed at a power failure; eadr does not"
        options={[
          ['adr', 'adr'],
          ['eadr', 'eadr'],
        ]}
        onChoice={(persistenceDomain) => change(form, { persistenceDomain })}
      />
      <label title="ext4 only: how much of an unwritten extent next to a write is zeroed">
        Zero-out of ext4, in KiB
        <input
          type="number"
          min="0"
          max="1024"
          value={now.extentMaxZerooutKb}
          onInput={({ currentTarget }) => change(form, { extentMaxZerooutKb: currentTarget.value })}
        />
      </label>
      <Check
        label="A wake-up wakes only the sleepers of its page (keyed)"
        value={now.keyed}
        onCheck={(keyed) => change(form, { keyed })}
      />
      <Check
        label="One pin makes the whole 2 MiB folio busy"
        value={now.folioGranularity}
        onCheck={(folioGranularity) => change(form, { folioGranularity })}
      />
    </div>
  );
}
