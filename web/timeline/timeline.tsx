// What happened when, as a page and as a panel of Machine.
import { useSignal } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { download } from '../api/download.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { eventText } from '../parts/event-words.ts';
import { attempt } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import { useSize } from '../parts/use-size.ts';
import { countText, plural } from '../parts/words.ts';
import { openFilesystem, param, pathOf, setParams } from '../state/location.ts';
import { selected } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { Brush } from './brush.tsx';
import { useHistory } from './history.ts';
import { type Lane, type Lanes, lanesOf, openFirst, withOlder } from './lanes.ts';
import { openInPerfetto } from './perfetto.ts';
import { Plot, type Range } from './plot.tsx';
import { type Axis, axisFor, type Scale, scaleOf, unitOf } from './scale.ts';
import './timeline.css';

const lanesShown = { page: 24, panel: 8 };

export function Timeline() {
  const fs = openFilesystem.value;
  if (fs === null) return null;
  return (
    <section class="panel timeline-page">
      <header>
        <h2>Timeline</h2>
        <span class="row actions">
          <Button
            title="Opens ui.perfetto.dev, another site, and hands the trace to its window"
            onClick={() => attempt(() => openInPerfetto(fs))}
          >
            Open in Perfetto (leaves this server)
          </Button>
          <Button
            onClick={() =>
              attempt(() =>
                download(
                  `/v1/filesystems/${encodeURIComponent(fs)}/trace?format=perfetto`,
                  `${fs}.json`,
                ),
              )
            }
          >
            Download
          </Button>
        </span>
      </header>
      <LanesOfFilesystem fs={fs} lanesMax={lanesShown.page} isPage />
    </section>
  );
}

export function TimelinePanel() {
  const fs = openFilesystem.value;
  if (fs === null) return null;
  return (
    <section class="panel timeline-panel">
      <LanesOfFilesystem
        fs={fs}
        lanesMax={lanesShown.panel}
        isPage={false}
        heading={<Heading fs={fs} />}
      />
    </section>
  );
}

const Heading = ({ fs }: { fs: string }) => (
  <>
    <h2>Timeline</h2>
    <Link href={pathOf('timeline', fs)} class="small">
      All lanes
    </Link>
  </>
);

function LanesOfFilesystem(props: {
  fs: string;
  lanesMax: number;
  isPage: boolean;
  /** Of a panel: it stands in one line with the buttons. */
  heading?: ComponentChildren;
}) {
  const { fs, lanesMax, isPage, heading = null } = props;
  const { events, problem, reading } = useHistory(fs);
  const more = useSignal(0);
  const all = useMemo(() => lanesNow(events), [events]);
  const count = lanesMax + more.value;
  const lanes = shownLanes(all, { count, wanted: selected.value, inOrder: isPage });
  if (lanes.length === 0)
    return (
      <>
        {isPage ? null : <header>{heading}</header>}
        {problem !== null ? (
          <ProblemNote problem={problem} />
        ) : reading ? (
          <p class="soft">Reading the events…</p>
        ) : (
          <Nothing fs={fs} />
        )}
      </>
    );
  const older = all.lanes.length - lanes.length;
  return (
    <>
      {older > 0 && isPage ? (
        <div class="row">
          <Button onClick={() => (more.value += lanesMax)}>
            {`Show ${Math.min(lanesMax, older)} older`}
          </Button>
          <span class="soft small">{plural(older, 'older lane')}</span>
        </div>
      ) : null}
      <Chart {...{ events, all, lanes, isPage, heading }} />
      {isPage ? <Twin lanes={lanes} events={events} /> : null}
    </>
  );
}

function lanesNow(events: readonly PinholeEvent[]): Lanes {
  const lanes = lanesOf(events);
  const [first] = events;
  const picture = watched.peek()?.picture ?? null;
  if (first === undefined || picture === null) return lanes;
  return withOlder(lanes, picture, Date.parse(first.time));
}

/** Those that last before those that have ended, the newest, and the selected one. */
function shownLanes(
  { lanes }: Lanes,
  { count, wanted, inOrder }: { count: number; wanted: string | null; inOrder: boolean },
): Lane[] {
  const shown = openFirst(lanes).slice(0, count);
  const chosen = lanes.find(({ id }) => id === wanted);
  if (chosen !== undefined && !shown.includes(chosen)) shown.unshift(chosen);
  if (!inOrder) return shown;
  const all = new Set(shown);
  return lanes.filter((lane) => all.has(lane));
}

/** In units: more events at once are only stripes. */
const rangeMax = 240;

function Chart(props: {
  events: readonly PinholeEvent[];
  all: Lanes;
  lanes: readonly Lane[];
  isPage: boolean;
  heading: ComponentChildren;
}) {
  const { events, all, lanes, isPage, heading } = props;
  const { size, holder } = useSize({ width: 0, height: 0 });
  const pointed = useSignal<number | null>(null);
  const chosenRange = useSignal<Range | null>(null);
  const wantedAxis = param('axis');
  const usual = axisFor(events);
  const axis = wantedAxis === 'time' || wantedAxis === 'event' ? wantedAxis : usual;
  const scale = useMemo(() => scaleOf(events, axis), [events, axis]);
  const range = chosenRange.value ?? newestRange(scale, lanes);
  const cursor = cursorAt(events);
  const zoom = (by: number, around = (range.from + range.to) / 2) => {
    const wide = Math.min(scale.end + 2, Math.max(6, (range.to - range.from) * by));
    const from = around - ((around - range.from) / (range.to - range.from)) * wide;
    chosenRange.value = { from, to: from + wide };
  };
  const choose = (at: number, lane: string | null) => {
    const event = events[at];
    if (event === undefined) return;
    setParams({ cursor: event.id, ...(lane === null ? {} : { select: lane }) });
  };
  return (
    <div class="chart">
      <div class="row chart-head">
        {heading}
        {isPage ? <span class="soft small">{axisText(axis, scale, axis === usual)}</span> : null}
        <Button
          onClick={() => setParams({ axis: axis === 'time' ? 'event' : 'time' })}
          title={axis === 'time' ? 'Show the number of the event' : 'Show the time'}
        >
          {axis === 'time' ? 'By event' : 'By time'}
        </Button>
        <Button label="Zoom in" onClick={() => zoom(0.66)}>
          +
        </Button>
        <Button label="Zoom out" onClick={() => zoom(1.5)}>
          −
        </Button>
        <Button onClick={() => (chosenRange.value = { from: -1, to: scale.end })}>All</Button>
        <Button pressed={chosenRange.value === null} onClick={() => (chosenRange.value = null)}>
          Newest
        </Button>
        <p class="readout mono small">{readout(events, pointed.value ?? cursor)}</p>
      </div>
      <div class="lane-names">
        {lanes.map(({ id, is }) => (
          <div key={id} class="lane-name" title={`${id} ${is}`}>
            <Thing id={id} short />
            <bdi class="soft small">{is}</bdi>
          </div>
        ))}
      </div>
      <div class="lane-plot" ref={holder}>
        {size.value.width === 0 ? null : (
          <Plot
            events={events}
            lanes={lanes}
            wakes={all.wakes}
            scale={scale}
            range={range}
            width={size.value.width}
            cursor={cursor}
            tickText={(at) => tickText(events, at, axis)}
            onPoint={(at) => (pointed.value = at)}
            onChoose={choose}
            onZoom={zoom}
          />
        )}
        {isPage && size.value.width > 0 ? (
          <Brush
            scale={scale}
            range={range}
            width={size.value.width}
            onRange={(next) => (chosenRange.value = next)}
          />
        ) : null}
      </div>
      {isPage ? <Legend /> : null}
    </div>
  );
}

function Legend() {
  return (
    <p class="lane-legend soft small">
      <span class="key key-R" /> runs <span class="key key-S" /> sleeps in <Term of="S" />{' '}
      <span class="key key-D" /> sleeps in <Term of="D" /> <span class="key key-pin" /> pin{' '}
      <span class="key key-rwsem" /> holds <Term of="i_rwsem" /> <span class="key key-mapping" />{' '}
      holds <Term of="invalidate_lock" /> <span class="key key-wake">→</span> wakes
    </p>
  );
}

/** From the first event of the shown lanes, but at most `rangeMax` back, to now. */
function newestRange(scale: Scale, lanes: readonly Lane[]): Range {
  const last = scale.units.length - 1;
  const first = Math.min(last, ...lanes.map(({ marks }) => marks[0] ?? last));
  const from = Math.max(unitOf(scale, first) - 1, scale.end - rangeMax, -1);
  return { from, to: scale.end + (scale.end - from) * 0.04 };
}

/** The event of the cursor of the URL. */
function cursorAt(events: readonly PinholeEvent[]): number | null {
  const wanted = param('cursor');
  const at = wanted === null ? -1 : events.findIndex(({ id }) => id === wanted);
  return at < 0 ? null : at;
}

function tickText(events: readonly PinholeEvent[], at: number, axis: Axis): string {
  const event = events[at];
  if (event === undefined) return '';
  if (axis === 'event') return `#${event.seq}`;
  if (watched.peek()?.picture?.filesystem?.clock === 'manual')
    return `${(Date.parse(event.time) / 1000).toFixed(3)} s`;
  return event.time.slice(11, 23);
}

function axisText(axis: Axis, { folds }: Scale, isUsual: boolean): string {
  if (axis === 'event')
    return `Axis: number of the event${isUsual ? ', because the clock stood still' : ''}.`;
  const folded = `; ${plural(folds.length, 'idle gap')} folded (⋯)`;
  return `Axis: time${folds.length === 0 ? '' : folded}.`;
}

function readout(events: readonly PinholeEvent[], at: number | null): string {
  const event = at === null ? undefined : events[at];
  if (event === undefined) return 'Point at an event, or use ← and →.';
  return `#${event.seq}  ${event.time.slice(11, 23)}  ${eventText(event)}`;
}

const twinMax = 100;

/** The same for a screen reader, and for whoever wants to read it. */
function Twin({ lanes, events }: { lanes: readonly Lane[]; events: readonly PinholeEvent[] }) {
  const timeOf = (at: number) => (at < 0 ? 'before' : `#${events[at]?.seq ?? ''}`);
  return (
    <details class="twin">
      <summary>The same as a table: {plural(lanes.length, 'lane')}</summary>
      <table>
        <thead>
          <tr>
            <th>Lane</th>
            <th>What it did, from which event on</th>
          </tr>
        </thead>
        <tbody>
          {lanes.slice(-twinMax).map(({ id, spans, end }) => (
            <tr key={id}>
              <td>
                <Thing id={id} />
              </td>
              <td>
                {spans
                  .map(({ kind, on, from }) => `${timeOf(from)} ${kind} ${on}`.trim())
                  .join(', ')}
                {end === null ? '' : `, ended ${timeOf(end.at)} ${end.sign}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {lanes.length > twinMax ? (
        <p class="soft">and {countText(lanes.length - twinMax)} older</p>
      ) : null}
    </details>
  );
}

function Nothing({ fs }: { fs: string }) {
  return (
    <p>
      No operation has run and nothing is pinned.{' '}
      <Link href={pathOf('waits', fs)}>Pin a page, then truncate</Link>: the timeline shows how the
      truncate sleeps and who wakes it.
    </p>
  );
}
