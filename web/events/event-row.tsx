import type { PinholeEvent } from 'pinhole/client';
import { Button } from '../parts/button.tsx';
import { Thing } from '../parts/thing.tsx';
import { countText, timeText } from '../parts/words.ts';
import { param, setParams } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { type Hole, typeOf } from './event-rows.ts';
import { sentenceOf } from './sentence.ts';

/** One event in words. Its number opens it as JSON. */
export function EventRow({ event }: { event: PinholeEvent }) {
  const { id, seq, operation, time } = event;
  const isOpen = param('event') === id;
  const clock = watched.peek()?.picture?.filesystem?.clock ?? 'realtime';
  return (
    <div class={`event ${isOpen ? 'selected' : ''}`} data-seq={seq}>
      <button
        type="button"
        class="event-seq"
        aria-expanded={isOpen}
        aria-label={`Event ${seq} as JSON`}
        onClick={() => setParams({ event: isOpen ? null : id })}
      >
        {seq}
      </button>
      <time class="event-time" dateTime={time} title={time}>
        {shortTime(time, clock)}
      </time>
      <span class="event-type">{typeOf(event)}</span>
      <span class="event-op">
        {operation === undefined ? null : <Thing id={operation} short />}
      </span>
      <span class="event-words">
        <Sentence event={event} />
      </span>
    </div>
  );
}

/** The time of day of a realtime clock; a manual one counts from 0. */
const shortTime = (time: string, clock: 'realtime' | 'manual'): string =>
  clock === 'manual' ? timeText(Date.parse(time), clock) : time.slice(11, 23);

function Sentence({ event }: { event: PinholeEvent }) {
  return (
    <>
      {sentenceOf(event).map((part, at) =>
        typeof part === 'string' ? (
          <bdi key={at}>{part}</bdi>
        ) : (
          <Thing key={part.id} id={part.id} short />
        ),
      )}
    </>
  );
}

/** Events that are not in the list, told in its place. */
export function HoleRow({ hole, onFill }: { hole: Hole; onFill: () => unknown }) {
  const { from, to, lost } = hole;
  const which =
    from === to ? `Event ${countText(from)}` : `Events ${countText(from)}–${countText(to)}`;
  const is = from === to ? 'is' : 'are';
  return (
    <div class="event event-hole">
      <span>
        {lost ? `${which} ${is} no longer kept by the server.` : `${which} ${is} not in this list.`}
      </span>
      {lost ? null : (
        <Button onClick={onFill}>Read {to - from >= 1000 ? 'the last 1,000' : 'them'}</Button>
      )}
    </div>
  );
}
