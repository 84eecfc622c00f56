import { Link } from '../bar/link.tsx';
import { openFilesystem, pathOf } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { EventRow } from './event-row.tsx';
import './events.css';

/** The strip of Machine: the last events, and the way to all of them. */
export function EventsPanel({ lines = 5 }: { lines?: number }) {
  const events = watched.value?.log.events.slice(-lines) ?? [];
  return (
    <section class="panel events-strip">
      <header>
        <h2>Events</h2>
        <Link href={pathOf('events', openFilesystem.value)} class="small">
          All events
        </Link>
      </header>
      {events.length === 0 ? (
        <p class="small soft">Nothing has happened since the page was opened.</p>
      ) : (
        <ol>
          {events.map((event) => (
            <li key={event.id}>
              <EventRow event={event} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
