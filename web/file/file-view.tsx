// The files of the open filesystem, one of them in full. The URL has its inode: ?file=2.
import { useSignal } from '@preact/signals';
import type { FilePicture } from 'pinhole/client';
import { body, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { FileChip } from '../parts/file-chip.tsx';
import { perform } from '../parts/perform.ts';
import { countText, sizeText } from '../parts/words.ts';
import { inoOf, kindOf } from '../state/ids.ts';
import { openFilesystem, param, setParams } from '../state/location.ts';
import { selected } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { FilePanel } from './file-panel.tsx';

const filesMax = 100;

export function FileView() {
  const fs = openFilesystem.value ?? '';
  const picture = watched.value?.picture;
  if (!picture) return <p class="soft">Reading the state…</p>;
  const files = [...picture.files.values()];
  const asked = askedFor();
  const now = asked ?? files[0]?.ino ?? null;
  return (
    <div class="column">
      <FileChoice {...{ fs, files, now }} />
      {now === null ? (
        <p>
          This filesystem has no file yet. Create one, write some text into it, pin a page and
          truncate it: then the truncate waits for the pin.
        </p>
      ) : (
        <FilePanel ino={now} details />
      )}
    </div>
  );
}

/** The file of the URL, or the one that is selected. */
function askedFor(): number | null {
  const ino = Number(param('file') ?? Number.NaN);
  if (Number.isSafeInteger(ino)) return ino;
  const id = selected.value;
  return id !== null && kindOf(id) === 'file' ? inoOf(id) : null;
}

function FileChoice({ fs, files, now }: { fs: string; files: FilePicture[]; now: number | null }) {
  const creates = useSignal(false);
  return (
    <nav class="row file-choice" aria-label="Files">
      {files.slice(0, filesMax).map(({ ino, name, sizeBytes, unlinked }) => (
        <button
          key={ino}
          type="button"
          class="button file-tab"
          aria-pressed={ino === now}
          title={`${name}, inode ${ino}, ${sizeText(sizeBytes)}${unlinked ? ', unlinked' : ''}`}
          onClick={() => setParams({ file: String(ino) })}
        >
          <FileChip ino={ino} /> <bdi class="long-name">{name}</bdi>
          {unlinked ? <span class="soft">unlinked</span> : null}
        </button>
      ))}
      {files.length > filesMax ? <OtherFile more={files.slice(filesMax)} /> : null}
      <Button
        changes
        pressed={creates.value}
        onClick={() => {
          creates.value = !creates.value;
        }}
      >
        New file…
      </Button>
      {creates.value ? <NewFile fs={fs} onDone={() => (creates.value = false)} /> : null}
    </nav>
  );
}

/** With very many files, the rest is found by its name. */
function OtherFile({ more }: { more: FilePicture[] }) {
  const open = (name: string) => {
    const found = more.find((file) => file.name === name);
    if (found !== undefined) setParams({ file: String(found.ino) });
  };
  return (
    <label>
      {`One of ${countText(more.length)} more`}
      <input placeholder="its name" onChange={({ currentTarget }) => open(currentTarget.value)} />
    </label>
  );
}

function NewFile({ fs, onDone }: { fs: string; onDone: () => void }) {
  const name = useSignal('');
  const sizeBytes = useSignal(0);
  const create = async (event: Event) => {
    event.preventDefault();
    const made = await perform(fs, `create ${name.value}`, () =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/files', {
          params: { path: { fs } },
          body: { name: name.value, sizeBytes: sizeBytes.value },
        }),
      ),
    );
    if (made === null) return;
    setParams({ file: String(made.ino) });
    onDone();
  };
  return (
    <form class="row name-form" onSubmit={create}>
      <label>
        Name
        <input
          required
          value={name.value}
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
      </label>
      <label>
        Size in bytes
        <input
          class="number bytes"
          type="number"
          min={0}
          value={sizeBytes.value}
          onInput={({ currentTarget }) => {
            sizeBytes.value = currentTarget.valueAsNumber || 0;
          }}
        />
      </label>
      <button type="submit" class="button primary">
        Create
      </button>
    </form>
  );
}
