// The bytes of a page: what the file sees, and beside it what a pin sees, which may be another frame.
import { useSignal } from '@preact/signals';
import type { FilePicture, Picture } from 'pinhole/client';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import type { Operation } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { outcomeText } from '../parts/outcome-text.ts';
import { ProblemNote } from '../parts/problem-note.tsx';
import { plural } from '../parts/words.ts';
import { pathOf } from '../state/location.ts';
import { differences, type HexByte, type HexRow, hexRows } from './hex.ts';
import { pageBytes } from './ruler.ts';

interface BytesProps {
  fs: string;
  file: FilePicture;
  picture: Picture;
  /** The page that is offered first. */
  page: number;
}

interface Shown {
  page: number;
  pin: string | null;
  rows: HexRow[];
}

export function FileBytes({ fs, file, picture, page }: BytesProps) {
  const chosen = useSignal<number | null>(null);
  const pin = useSignal<string | null>(null);
  const shown = useSignal<Shown | null>(null);
  const problem = useSignal<ShownProblem | null>(null);
  const slept = useSignal<string | null>(null);
  const now = chosen.value ?? page;
  const pins = [...picture.pins.values()].filter(
    ({ ino, offset, pages }) =>
      ino === file.ino && offset <= now * pageBytes && now * pageBytes < offset + pages * pageBytes,
  );
  const through = pins.find(({ id }) => id === pin.value)?.id ?? pins[0]?.id ?? null;
  const show = async () => {
    [problem.value, slept.value] = [null, null];
    try {
      const answer = await readFile(fs, file, now);
      if ('operation' in answer) {
        slept.value = outcomeText(`read of ${file.name}`, answer.operation);
        return;
      }
      const seen = through === null ? null : await readPin(fs, through, now);
      const rows = hexRows(now * pageBytes, answer.bytes, seen?.bytes ?? null, seen?.skipped);
      shown.value = { page: now, pin: through, rows };
    } catch (error) {
      problem.value = shownOf(error);
    }
  };
  return (
    <section class="column">
      <h3>Bytes</h3>
      <div class="row change-row">
        <label>
          Page of the file
          <input
            class="number bytes"
            type="number"
            min={0}
            value={now}
            onInput={({ currentTarget }) => {
              const { valueAsNumber } = currentTarget;
              if (Number.isSafeInteger(valueAsNumber) && valueAsNumber >= 0)
                chosen.value = valueAsNumber;
            }}
          />
        </label>
        <label>
          Beside it
          <select
            value={through ?? ''}
            onChange={({ currentTarget }) => {
              pin.value = currentTarget.value;
            }}
          >
            {pins.length === 0 ? <option value="">no pin holds this page</option> : null}
            {pins.slice(0, 100).map(({ id, owner }) => (
              <option key={id} value={id}>
                {owner === null ? id : `${id} by ${owner}`}
              </option>
            ))}
          </select>
        </label>
        <Button
          onClick={show}
          disabledBecause={file.unlinked ? 'The file has no name any more.' : null}
        >
          Read
        </Button>
      </div>
      {problem.value === null ? null : <ProblemNote problem={problem.value} />}
      {slept.value === null ? null : (
        <p class="note" role="status">
          {slept.value} <Link href={pathOf('waits', fs)}>See Waits</Link>
        </p>
      )}
      {shown.value === null ? (
        <p class="small soft">
          Read a page to compare what the file has with what the device of a pin sees.
        </p>
      ) : (
        <HexTable {...shown.value} />
      )}
    </section>
  );
}

/** A read takes i_rwsem, so it may sleep behind a layout change; then its operation comes back. */
async function readFile(
  fs: string,
  file: FilePicture,
  page: number,
): Promise<{ bytes: Uint8Array } | { operation: Operation }> {
  let status = 0;
  const offset = page * pageBytes;
  const data = await body(
    rest.value
      .GET('/v1/filesystems/{fs}/files/{file}/content', {
        params: { path: { fs, file: file.name }, query: { offset, length: pageBytes } },
        headers: { prefer: 'respond-async, wait=1' },
        parseAs: 'arrayBuffer',
      })
      .then((answer) => {
        status = answer.response.status;
        return answer;
      }),
  );
  const bytes = new Uint8Array(data as unknown as ArrayBuffer);
  if (status !== 202) return { bytes };
  return { operation: JSON.parse(new TextDecoder().decode(bytes)) };
}

/** The bytes of the pin that are in the page; `skipped` come before them in the page. */
async function readPin(
  fs: string,
  pin: string,
  page: number,
): Promise<{ bytes: Uint8Array; skipped: number }> {
  const path = { fs, pin };
  const { offset, mappingOffset, bytesPinned } = await body(
    rest.value.GET('/v1/filesystems/{fs}/pins/{pin}', {
      params: { path, query: { pageSize: 1 } },
    }),
  );
  const from = Math.max(offset, page * pageBytes);
  const to = Math.min(offset + bytesPinned, (page + 1) * pageBytes);
  const query = { offset: mappingOffset + from - offset, length: Math.max(0, to - from) };
  const data = await body(
    rest.value.GET('/v1/filesystems/{fs}/pins/{pin}/memory', {
      params: { path, query },
      parseAs: 'arrayBuffer',
    }),
  );
  return {
    bytes: new Uint8Array(data as unknown as ArrayBuffer),
    skipped: from - page * pageBytes,
  };
}

function HexTable({ page, pin, rows }: Shown) {
  const differ = differences(rows);
  const verdict =
    differ === 0
      ? `The file and ${pin} see the same bytes.`
      : `${plural(differ, 'byte')} differ: ${pin} sees other bytes than the file.`;
  return (
    <>
      <p class="small" role="status">
        {pin === null ? `Page ${page} of the file. No pin holds it.` : verdict}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it takes the focus. */}
      <section class="hex-area" tabIndex={0} aria-label={`Bytes of page ${page}`}>
        <table class="hex">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">Differs</span>
              </th>
              <th scope="col" class="number">
                Byte
              </th>
              <th scope="col">The file sees</th>
              <th scope="col">
                <span class="unseen">as text</span>
              </th>
              {pin === null ? null : (
                <>
                  <th scope="col">{pin} sees</th>
                  <th scope="col">
                    <span class="unseen">as text</span>
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.offset} row={row} withPin={pin !== null} />
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Row({ row, withPin }: { row: HexRow; withPin: boolean }) {
  const { offset, file, fileText, pin, pinText, differs, repeats } = row;
  return (
    <>
      <tr>
        <td>{differs ? '≠' : ''}</td>
        <td class="number">{offset}</td>
        <td>
          <Side bytes={file} />
        </td>
        <td>{fileText}</td>
        {withPin ? (
          <>
            <td>
              <Side bytes={pin} />
            </td>
            <td>{pinText}</td>
          </>
        ) : null}
      </tr>
      {repeats > 0 ? (
        <tr>
          <td />
          <td class="soft" colSpan={withPin ? 5 : 3}>
            {`the same in the next ${plural(repeats, 'row')} of 16 bytes`}
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Runs of bytes, because a page has 4,096 of them. */
function Side({ bytes }: { bytes: readonly HexByte[] }) {
  const runs: { text: string; differs: boolean }[] = [];
  for (const { hex, differs } of bytes) {
    const last = runs.at(-1);
    if (last !== undefined && last.differs === differs) last.text += ` ${hex}`;
    else runs.push({ text: hex, differs });
  }
  return (
    <>
      {runs.map(({ text, differs }, i) => (
        <>
          {i === 0 ? '' : ' '}
          {differs ? <mark class="byte-differs">{text}</mark> : text}
        </>
      ))}
    </>
  );
}
