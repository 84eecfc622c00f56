// Pins the chosen range through a mapping, as a device does: one that covers it, or a new one.
import { useSignal } from '@preact/signals';
import type { FilePicture, MappingPicture } from 'pinhole/client';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { perform } from '../parts/perform.ts';
import { watched } from '../state/watched.ts';
import type { Draft } from './file-ruler.tsx';
import { pagesOfRange, type Range } from './ruler.ts';

type PinArgs = Schemas['PinArgs'];

const kinds: PinArgs['kind'][] = ['direct-io', 'vmsplice', 'rdma', 'v4l2', 'vfio', 'io-uring'];

/** Their pins are FOLL_LONGTERM in Linux, and here unless the form says otherwise. */
const longtermKinds: ReadonlySet<PinArgs['kind']> = new Set(['rdma', 'v4l2', 'vfio', 'io-uring']);

export function PinForm({ fs, file, draft }: { fs: string; file: FilePicture; draft: Draft }) {
  const owner = useSignal('');
  const kind = useSignal<PinArgs['kind']>('direct-io');
  const access = useSignal<PinArgs['access']>('write');
  const holdMs = useSignal('');
  const chosenLongterm = useSignal<boolean | null>(null);
  const longterm = chosenLongterm.value ?? longtermKinds.has(kind.value);
  const range = draft.range.value;
  const mappings = watched.value?.picture?.mappings.values() ?? [];
  const through =
    range === null ? undefined : mappingFor([...mappings], file.ino, range, access.value);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (range === null || range.length === 0) return;
    const who = owner.value === '' ? {} : { owner: owner.value };
    const mapping =
      through ??
      (await perform(fs, `mmap of ${file.name}`, () =>
        body(
          rest.value.POST('/v1/filesystems/{fs}/files/{file}/mappings', {
            params: { path: { fs, file: file.name } },
            body: {
              offset: range.offset - (range.offset % 4096),
              length: range.length + (range.offset % 4096),
              access: 'read-write',
              ...who,
            } as never,
          }),
        ),
      ));
    if (mapping === null || mapping === undefined) return;
    const args = {
      offset: range.offset - mapping.offset,
      length: range.length,
      access: access.value,
      kind: kind.value,
      longterm,
      ...(holdMs.value === '' ? {} : { holdMs: Number(holdMs.value) }),
      ...who,
    };
    await perform(fs, `pin of ${file.name}`, () =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/mappings/{mapping}/pins', {
          params: { path: { fs, mapping: mapping.id } },
          body: args as never,
        }),
      ),
    );
  };
  return (
    <form class="row change-row pin-form" onSubmit={submit}>
      <label>
        Owner
        <input
          value={owner.value}
          placeholder="nic"
          maxLength={128}
          onInput={({ currentTarget }) => {
            owner.value = currentTarget.value;
          }}
        />
      </label>
      <Choice label="Kind" of={kinds} now={kind.value} onChoose={(one) => (kind.value = one)} />
      <Choice
        label="The device will"
        of={['write', 'read']}
        now={access.value}
        onChoose={(one) => (access.value = one)}
      />
      <label>
        Hold for ms
        <input
          class="number bytes"
          type="number"
          min={1}
          placeholder="until unpinned"
          value={holdMs.value}
          onInput={({ currentTarget }) => {
            holdMs.value = currentTarget.value;
          }}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={longterm}
          onInput={({ currentTarget }) => {
            chosenLongterm.value = currentTarget.checked;
          }}
        />
        FOLL_LONGTERM
      </label>
      <button type="submit" class="button primary">
        Pin
      </button>
      <span class="small soft">
        {range === null || range.length === 0
          ? 'Choose a range first: drag over the ruler, or type its bytes.'
          : `${pagesOfRange(range)}, through ${through?.id ?? 'a new mapping'}`}
      </span>
    </form>
  );
}

function Choice<T extends string>(props: {
  label: string;
  of: readonly T[];
  now: T;
  onChoose: (one: T) => void;
}) {
  return (
    <label>
      {props.label}
      <select
        value={props.now}
        onChange={({ currentTarget }) => props.onChoose(currentTarget.value as T)}
      >
        {props.of.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

function mappingFor(
  mappings: readonly MappingPicture[],
  ino: number,
  range: Range,
  access: PinArgs['access'],
): MappingPicture | undefined {
  return mappings.find(
    (mapping) =>
      mapping.ino === ino &&
      mapping.offset <= range.offset &&
      range.offset + range.length <= mapping.offset + mapping.length &&
      (access === 'read' || mapping.access === 'read-write'),
  );
}
