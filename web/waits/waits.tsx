// Who waits, as a page and as a panel of Machine.
import { useSignal, useSignalEffect } from '@preact/signals';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { Thing } from '../parts/thing.tsx';
import { countText, durationText, plural } from '../parts/words.ts';
import { filesystemMs } from '../state/clock.ts';
import { openFilesystem, pathOf } from '../state/location.ts';
import { waitGraph } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import { type Demo, pinThenTruncate } from './demo.ts';
import { Stuck } from './stuck.tsx';
import { type WaitRow, waitRows } from './wait-rows.ts';
import { WaitTable } from './wait-table.tsx';
import './waits.css';

const pageOfRows = 50;
/** Between two looks at the picture: 2,000 events/s must not sort 10,000 sleepers each frame. */
const restMs = 100;

/** The rows, at most ten times a second. null before the first snapshot. */
function useRows(max: number): { rows: WaitRow[]; total: number } | null {
  const turn = useSignal(0);
  const timer = useSignal<ReturnType<typeof setTimeout> | null>(null);
  useSignalEffect(() => {
    // Read, so that this runs again when one of them changes.
    void [watched.value, filesystemMs.value, waitGraph.value];
    timer.value ??= setTimeout(() => {
      timer.value = null;
      turn.value += 1;
    }, restMs);
  });
  void turn.value;
  const picture = watched.peek()?.picture ?? null;
  if (picture === null) return null;
  return waitRows(picture, waitGraph.peek().data, { nowMs: filesystemMs.peek(), max });
}

export function Waits() {
  const max = useSignal(pageOfRows);
  const found = useRows(max.value);
  const fs = openFilesystem.value;
  if (found === null || fs === null) return <p class="soft">Reading the state…</p>;
  const { rows, total } = found;
  const [oldest] = rows;
  if (oldest === undefined) return <Nobody fs={fs} />;
  return (
    <section class="panel">
      <header>
        <h2>{plural(total, 'operation')} waiting</h2>
        <Link href={pathOf('graph', fs)} class="small">
          Show the wait graph
        </Link>
      </header>
      <Stuck row={oldest} total={total} nowMs={filesystemMs.peek()} withKeys />
      <WaitTable rows={rows} fs={fs} />
      {total > rows.length ? (
        <div class="row">
          <Button onClick={() => (max.value += pageOfRows)}>
            {`Show ${Math.min(pageOfRows, total - rows.length)} more`}
          </Button>
          <span class="soft">{countText(total - rows.length)} more wait, for a shorter time.</span>
        </div>
      ) : null}
    </section>
  );
}

const rowsOfPanel = 3;

/** The waits in a part of a page: the sentence, and the longest ones without their explanation. */
export function WaitsPanel() {
  const found = useRows(rowsOfPanel);
  const fs = openFilesystem.value;
  if (found === null || fs === null) return null;
  const { rows, total } = found;
  const [oldest] = rows;
  return (
    <section class="panel">
      <header>
        <h2>Waits</h2>
        <Link href={pathOf('waits', fs)} class="small">
          {total === 0 ? 'nobody waits' : `${countText(total)} waiting`}
        </Link>
      </header>
      {oldest === undefined ? (
        <PinThenTruncate fs={fs} />
      ) : (
        <Stuck row={oldest} total={total} nowMs={filesystemMs.peek()} withKeys={false} />
      )}
      <ul class="column wait-list">
        {rows.slice(1).map(({ operation: { id }, on, forMs }) => (
          <li key={id} class="row">
            <Thing id={id} />
            {on === null ? null : <Thing id={on} />}
            <span class="number soft">{durationText(forMs)}</span>
          </li>
        ))}
      </ul>
      {total > rows.length ? (
        <p class="soft small">and {countText(total - rows.length)} more</p>
      ) : null}
    </section>
  );
}

function Nobody({ fs }: { fs: string }) {
  return (
    <section class="panel">
      <header>
        <h2>Nobody waits</h2>
      </header>
      <p>
        No operation sleeps in this filesystem. An operation waits when it changes the layout of a
        file while somebody pins a page of it.
      </p>
      <PinThenTruncate fs={fs} />
    </section>
  );
}

const done = { fs: '', demo: null as Demo | null };

function PinThenTruncate({ fs }: { fs: string }) {
  const demo = useSignal<Demo | null>(done.fs === fs ? done.demo : null);
  return (
    <div class="column">
      <div class="row">
        <Button
          changes
          title="Creates a file, pins its page for nic, and truncates the file"
          onClick={async () => {
            demo.value = await pinThenTruncate(fs);
            // The wait takes this part off the page; when it is over, it says what it did.
            Object.assign(done, { fs, demo: demo.value });
          }}
        >
          Pin a page, then truncate
        </Button>
      </div>
      {demo.value === null ? null : (
        <p role="status">
          {demo.value.did} {demo.value.came}
        </p>
      )}
    </div>
  );
}
