// What can be done with a file: on the chosen range, with its size, and with its name.
import { useSignal } from '@preact/signals';
import type { FilePicture } from 'pinhole/client';
import type { ComponentChildren } from 'preact';
import { body, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { perform } from '../parts/perform.ts';
import { pagesText } from '../parts/words.ts';
import type { Draft } from './file-ruler.tsx';
import { PinForm } from './pin-form.tsx';
import { pageBytes, pagesOfRange } from './ruler.ts';

interface ChangesProps {
  fs: string;
  file: FilePicture;
  draft: Draft;
}

const unlinkedReason = 'The file has no name any more, so it cannot be opened.';

export function FileChanges({ fs, file, draft }: ChangesProps) {
  const open = useSignal<'pin' | 'write' | null>(null);
  const toggle = (which: 'pin' | 'write') => {
    open.value = open.value === which ? null : which;
  };
  const because = file.unlinked ? unlinkedReason : null;
  return (
    <div class="column file-changes">
      <RangeRow {...{ fs, file, draft }}>
        <Button
          changes
          disabledBecause={because}
          pressed={open.value === 'pin'}
          onClick={() => toggle('pin')}
        >
          Pin…
        </Button>
        <Button
          changes
          disabledBecause={because}
          pressed={open.value === 'write'}
          onClick={() => toggle('write')}
        >
          Write…
        </Button>
      </RangeRow>
      {open.value === 'pin' ? <PinForm {...{ fs, file, draft }} /> : null}
      {open.value === 'write' ? <WriteForm {...{ fs, file, draft }} /> : null}
      <SizeRow {...{ fs, file, draft }} />
    </div>
  );
}

/** Operations on a range, each a POST with offset and length. */
const onRange = [
  ['punch-hole', 'Punch hole', 'The blocks leave the file and the range reads as zero.'],
  ['zero-range', 'Zero', 'The range reads as zero and keeps its blocks.'],
  ['collapse-range', 'Collapse', 'The range leaves the file, and what follows moves down.'],
  ['insert-range', 'Insert', 'A hole is inserted, and what follows moves up.'],
  ['allocate', 'Allocate', 'Holes in the range get blocks.'],
] as const;

function RangeRow({ fs, file, draft, children }: ChangesProps & { children: ComponentChildren }) {
  const range = draft.range.value;
  const chosen = range !== null && range.length > 0;
  const because = file.unlinked
    ? unlinkedReason
    : chosen
      ? null
      : 'Choose a range first: drag over the ruler, or type its bytes.';
  const { offset, length } = range ?? { offset: 0, length: 0 };
  const set = (to: { offset?: number; length?: number }) => {
    draft.range.value = { offset, length, ...to };
  };
  const path = { fs, file: file.name };
  const change = (op: (typeof onRange)[number][0]) =>
    perform(fs, `${op} of ${file.name}`, () =>
      body(
        rest.value.POST(`/v1/filesystems/{fs}/files/{file}/${op}`, {
          params: { path },
          body: { offset, length } as never,
        }),
      ),
    );
  const map = () =>
    perform(fs, `mmap of ${file.name}`, () =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/files/{file}/mappings', {
          params: { path },
          body: { offset, length, access: 'read-write' } as never,
        }),
      ),
    );
  return (
    <fieldset class="row change-row">
      <legend class="unseen">Range</legend>
      <Bytes label="From byte" value={offset} onChange={(bytes) => set({ offset: bytes })} />
      <Bytes label="Bytes" value={length} onChange={(bytes) => set({ length: bytes })} />
      <span class="small soft range-pages">
        {range !== null && chosen ? pagesOfRange(range) : 'drag over the ruler to choose pages'}
      </span>
      {onRange.map(([op, name, does]) => (
        <Button key={op} changes disabledBecause={because} title={does} onClick={() => change(op)}>
          {name}
        </Button>
      ))}
      <Button
        changes
        disabledBecause={because}
        title="mmap: a process maps the range, shared and read-write."
        onClick={map}
      >
        Map
      </Button>
      {children}
    </fieldset>
  );
}

function Bytes(props: { label: string; value: number; onChange: (bytes: number) => void }) {
  return (
    <label>
      {props.label}
      <input
        class="number bytes"
        type="number"
        min={0}
        step={1}
        value={props.value}
        onInput={({ currentTarget }) => {
          const bytes = currentTarget.valueAsNumber;
          if (Number.isSafeInteger(bytes) && bytes >= 0) props.onChange(bytes);
        }}
      />
    </label>
  );
}

function SizeRow({ fs, file, draft }: ChangesProps) {
  const wanted = draft.sizeBytes.value;
  const sizeBytes = wanted ?? file.sizeBytes;
  const because = file.unlinked
    ? unlinkedReason
    : wanted === null
      ? 'Choose another size first: drag the line of i_size, or type it.'
      : null;
  const truncate = async () => {
    await perform(fs, `truncate of ${file.name}`, () =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/files/{file}/truncate', {
          params: { path: { fs, file: file.name } },
          body: { sizeBytes },
        }),
      ),
    );
    draft.sizeBytes.value = null;
  };
  const less = Math.ceil(file.sizeBytes / pageBytes) - Math.ceil(sizeBytes / pageBytes);
  return (
    <fieldset class="row change-row">
      <legend class="unseen">Size</legend>
      <Bytes
        label="Size in bytes"
        value={sizeBytes}
        onChange={(bytes) => {
          draft.sizeBytes.value = bytes === file.sizeBytes ? null : bytes;
        }}
      />
      <Button
        changes
        look={wanted === null ? 'plain' : 'primary'}
        disabledBecause={because}
        onClick={truncate}
      >
        Truncate
      </Button>
      {wanted === null ? null : (
        <>
          <Button
            onClick={() => {
              draft.sizeBytes.value = null;
            }}
          >
            Keep the size
          </Button>
          <span class="small">
            {less > 0 ? `${pagesText(less)} would leave the file` : 'the file becomes longer'}
          </span>
        </>
      )}
      <NameButtons {...{ fs, file }} />
    </fieldset>
  );
}

function NameButtons({ fs, file }: Omit<ChangesProps, 'draft'>) {
  const name = useSignal<string | null>(null);
  const path = { fs, file: file.name };
  const because = file.unlinked ? unlinkedReason : null;
  const rename = async (event: Event) => {
    event.preventDefault();
    const to = name.value ?? '';
    await perform(fs, `rename of ${file.name} to ${to}`, () =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/files/{file}/rename', {
          params: { path },
          body: { name: to } as never,
        }),
      ),
    );
    name.value = null;
  };
  const unlink = async () => {
    const agreed = await confirm({
      title: `Unlink ${file.name}?`,
      text:
        'The name is removed at once. The blocks are freed with the last mapping and the last ' +
        'running operation; pinned pages decide by the strategy what happens then.',
      yes: 'Unlink',
    });
    if (!agreed) return;
    await perform(fs, `unlink of ${file.name}`, () =>
      body(rest.value.DELETE('/v1/filesystems/{fs}/files/{file}', { params: { path } })),
    );
  };
  if (name.value !== null)
    return (
      <form class="row name-form" onSubmit={rename}>
        <label>
          New name
          <input
            value={name.value}
            onInput={({ currentTarget }) => {
              name.value = currentTarget.value;
            }}
          />
        </label>
        <button type="submit" class="button primary">
          Rename
        </button>
        <Button
          onClick={() => {
            name.value = null;
          }}
        >
          Keep the name
        </Button>
      </form>
    );
  return (
    <span class="row name-form">
      <Button
        changes
        disabledBecause={because}
        onClick={() => {
          name.value = file.name;
        }}
      >
        Rename…
      </Button>
      <Button changes look="danger" disabledBecause={because} onClick={unlink}>
        Unlink
      </Button>
    </span>
  );
}

function WriteForm({ fs, file, draft }: ChangesProps) {
  const text = useSignal('');
  const { offset } = draft.range.value ?? { offset: 0 };
  const write = async (event: Event) => {
    event.preventDefault();
    await perform(fs, `write of ${file.name}`, () =>
      body(
        rest.value.PUT('/v1/filesystems/{fs}/files/{file}/content', {
          params: { path: { fs, file: file.name }, query: { offset } },
          headers: { 'content-type': 'application/octet-stream' },
          body: text.value,
          bodySerializer: (given: string) => new TextEncoder().encode(given),
        }),
      ),
    );
  };
  return (
    <form class="row change-row" onSubmit={write}>
      <label class="grow">
        {`Text to write at byte ${offset}`}
        <textarea
          rows={2}
          required
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button primary">
        Write
      </button>
    </form>
  );
}
