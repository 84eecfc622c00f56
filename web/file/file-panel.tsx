import { useSignal } from '@preact/signals';
import type { FilePicture, Picture } from 'pinhole/client';
import type { ComponentChildren } from 'preact';
import { FileChip } from '../parts/file-chip.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import { countText, plural, sizeText } from '../parts/words.ts';
import { openFilesystem } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { FileBytes } from './file-bytes.tsx';
import { FileChanges } from './file-changes.tsx';
import { useExtents } from './file-reading.ts';
import { type Draft, FileRuler } from './file-ruler.tsx';
import { FileTables } from './file-tables.tsx';
import { pageBytes, type Range } from './ruler.ts';
import './file.css';

/**
 * The ruler of a file, and what can be done with a range of it as soon as one is chosen; with details
 * also its pins, mappings and bytes.
 */
export function FilePanel({ ino, details = false }: { ino: number; details?: boolean }) {
  return <OneFile key={ino} ino={ino} details={details} />;
}

function OneFile({ ino, details }: { ino: number; details: boolean }) {
  const now = watched.value?.picture;
  const file = now?.files.get(ino);
  if (!now) return null;
  if (file === undefined)
    return (
      <section class="panel file">
        <header>
          <h2>File</h2>
        </header>
        <p class="small soft">{`There is no inode ${ino} any more.`}</p>
      </section>
    );
  // Copies, because events change both in place, and a component with the same props is not drawn.
  return <Panel file={{ ...file }} picture={{ ...now }} details={details} />;
}

function Panel({
  file,
  picture,
  details,
}: {
  file: FilePicture;
  picture: Picture;
  details: boolean;
}) {
  const fs = openFilesystem.value ?? '';
  const draft: Draft = {
    range: useSignal<Range | null>(null),
    sizeBytes: useSignal<number | null>(null),
  };
  const live = useExtents(fs, file);
  const { data, problem } = live.value;
  const extents = data?.extents ?? [];
  return (
    <section class="panel file">
      <FileRuler
        {...{ file, picture, extents, draft }}
        heading={
          <Heading file={file}>
            {data === null ? null : (
              <span class="small soft">
                <Term of="extent">
                  {data.more
                    ? `the first ${countText(extents.length)} extents`
                    : plural(extents.length, 'extent')}
                </Term>
              </span>
            )}
          </Heading>
        }
      >
        {problem === null ? null : <ProblemNote problem={problem} />}
      </FileRuler>
      {details ? <Sleepers {...{ file, picture }} /> : null}
      {details || isChosen(draft) ? <FileChanges {...{ fs, file, draft }} /> : null}
      {details ? (
        <>
          <FileTables {...{ fs, file, picture, extents }} />
          <FileBytes
            {...{ fs, file, picture }}
            page={Math.floor((draft.range.value?.offset ?? 0) / pageBytes)}
          />
        </>
      ) : null}
    </section>
  );
}

const isChosen = ({ range, sizeBytes }: Draft): boolean =>
  range.value !== null || sizeBytes.value !== null;

function Heading({ file, children }: { file: FilePicture; children: ComponentChildren }) {
  const { ino, name, sizeBytes, unlinked } = file;
  return (
    <>
      <h2>File</h2>
      <span class="row file-name">
        <FileChip ino={ino} /> <bdi class="mono">{name}</bdi>
      </span>
      <span class="small soft">{`inode ${ino} · ${sizeText(sizeBytes)}`}</span>
      {children}
      {unlinked ? <span class="small">unlinked: it stays while it is mapped or in use</span> : null}
    </>
  );
}

const sleepersMax = 10;

/** The operations that wait for a page or a lock of this file. */
function Sleepers({ file, picture }: { file: FilePicture; picture: Picture }) {
  const all = [...picture.operations.values()].filter(
    ({ state, sleepingOn }) => state === 'sleeping' && sleepingOn?.ino === file.ino,
  );
  if (all.length === 0) return null;
  return (
    <p class="row small">
      <span>Waiting:</span>
      {all.slice(0, sleepersMax).map(({ id }) => (
        <Thing key={id} id={id} />
      ))}
      {all.length > sleepersMax ? (
        <span class="soft">{`${all.length - sleepersMax} more`}</span>
      ) : null}
    </p>
  );
}
