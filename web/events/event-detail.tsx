import type { PinholeEvent } from 'pinhole/client';
import { Button } from '../parts/button.tsx';
import { setParams } from '../state/location.ts';
import { copy, curlOf } from './curl.ts';
import { seqOf, typeOf } from './event-rows.ts';

/** The event as it came over the wire. */
export function EventDetail({ fs, event }: { fs: string; event: PinholeEvent }) {
  const json = JSON.stringify(event, null, 2);
  const before = `${event.epoch}.${seqOf(event.id) - 1}`;
  return (
    <aside class="event-detail panel" aria-label={`Event ${event.seq}`}>
      <header>
        <h2>
          Event {event.seq} <bdi>{typeOf(event)}</bdi>
        </h2>
        <span class="row actions">
          <Button onClick={() => copy(json, 'The event was copied.')}>Copy JSON</Button>
          <Button onClick={() => copy(curlOf(fs, before), 'The curl line was copied.')}>
            Copy as curl
          </Button>
          <Button label="Close the event" onClick={() => setParams({ event: null })}>
            ✕
          </Button>
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must reach it. */}
      <pre tabIndex={0}>{json}</pre>
    </aside>
  );
}
