import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { EventDetail } from '../events/event-detail.tsx';
import { EventRow, HoleRow } from '../events/event-row.tsx';
import { isHole, seqOf } from '../events/event-rows.ts';
import { EventTools } from '../events/event-tools.tsx';
import { filterInUrl, type LiveList, useLiveList } from '../events/live-list.ts';
import '../events/events.css';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { useKeys } from '../state/keys.ts';
import { openFilesystem, param, setParams } from '../state/location.ts';
import { watched } from '../state/watched.ts';

/** As in events.css. A narrow window needs two lines for each event. */
const rowPx = () => (matchMedia('(max-width: 800px)').matches ? 44 : 28);

export function View() {
  const fs = openFilesystem.value ?? '';
  const live = useLiveList(fs);
  const follows = useSignal(param('event') === null);
  const wanted = useSignal<number | null>(null);
  const body = useRef<HTMLDivElement>(null);
  useFilter(live);
  usePlace(live, body);
  const go = async (seq: number) => {
    await live.reach(seq);
    wanted.value = live.list.indexOf(seq);
    const row = live.list.rows[wanted.value];
    if (row !== undefined && !isHole(row) && row.seq === seq) setParams({ event: row.id });
  };
  useLinkedEvent(live, go);
  useRecentPast(live);
  const pause = () => {
    if (live.paused.peek()) live.resume();
    else live.paused.value = true;
  };
  // A stepper uses Space for the next step. Computed, so that the view is not made in each frame.
  const isStepped = useComputed(
    () => watched.value?.picture?.filesystem?.scheduler === 'stepped',
  ).value;
  useKeys([
    ...(isStepped ? [] : [{ key: ' ', does: 'Pause or resume', run: pause }]),
    { key: 'p', does: 'Pause or resume', run: pause },
    { key: '/', does: 'Filter', run: () => document.getElementById('filter')?.focus() },
  ]);
  // The list changes in place; its version is what is new.
  const { rows, events } = live.version.value < 0 ? { rows: [], events: [] } : live.list;
  const chosen = param('event');
  const open = chosen === null ? undefined : events.find(({ id }) => id === chosen);
  return (
    <section class="panel events-view">
      <header>
        <h2>Events</h2>
      </header>
      <EventTools
        fs={fs}
        live={live}
        follows={follows.value}
        onFollow={() => (follows.value = true)}
        onGo={go}
      />
      <div class="events-body" ref={body}>
        <VirtualRows
          label="Events, the newest last"
          count={rows.length}
          rowPx={rowPx()}
          follows={follows}
          wanted={wanted}
          keyOf={(index) => keyOf(live, index)}
        >
          {(index) => {
            const row = live.list.rows[index];
            if (row === undefined) return null;
            if (isHole(row)) return <HoleRow hole={row} onFill={() => live.fill(row)} />;
            return <EventRow event={row} />;
          }}
        </VirtualRows>
        {open === undefined ? null : <EventDetail fs={fs} event={open} />}
      </div>
    </section>
  );
}

function keyOf({ list }: LiveList, index: number): string {
  const row = list.rows[index];
  if (row === undefined) return `${index}`;
  return isHole(row) ? `hole ${row.epoch} ${row.from}` : row.id;
}

/** The filters are in the URL. */
function useFilter(live: LiveList): void {
  const { type, file, op, text } = filterInUrl();
  useEffect(() => {
    live.list.setFilter({ type, file, op, text });
    live.version.value += 1;
  }, [type, file, op, text]);
}

/** Rows that are dropped at the beginning must not move those in sight. */
function usePlace(live: LiveList, body: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const { rows } = live.dropped;
    live.dropped.rows = 0;
    const list = body.current?.querySelector('.virtual');
    if (rows > 0 && list != null) list.scrollTop -= rows * rowPx();
  }, [live.version.value]);
}

/** The list begins with what happened before the page was opened, as much as one read gives. */
function useRecentPast(live: LiveList): void {
  const isRead = useRef(param('event') !== null);
  useEffect(() => {
    const [first] = live.list.rows;
    if (isRead.current || first === undefined) return;
    isRead.current = true;
    if (isHole(first)) void live.fill(first);
  }, [live.version.value]);
}

/** Somebody shared a link to an event: it is read and brought into sight, once. */
function useLinkedEvent(live: LiveList, go: (seq: number) => Promise<void>): void {
  const linked = useRef(param('event'));
  useEffect(() => {
    if (linked.current === null || live.list.rows.length === 0) return;
    const seq = seqOf(linked.current);
    linked.current = null;
    void go(seq);
  }, [live.version.value]);
}
