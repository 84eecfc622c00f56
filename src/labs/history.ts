// The events of the labs of one tenant, as they are stored for its stream.
import type { LabEvent } from '../durable/lab-events.ts';
import type { LabHistory } from '../durable/records.ts';
import type { Order } from '../journal/store.ts';

/** So many events are stored; readers of older ones get a gap after a restart. */
const newestMax = 256;

export const noHistory: LabHistory = { last: 0, events: 0, newest: [], since: null };

export function withEvent(
  { last, events, newest, since }: LabHistory,
  { timeMs, type, data }: LabEvent,
  { group, position }: Order,
): LabHistory {
  const all = [...newest, [group, position, timeMs, type, data] as LabHistory['newest'][number]];
  const dropped = all.length > newestMax ? all.shift() : undefined;
  return {
    last,
    events: events + 1,
    newest: all,
    since: dropped === undefined ? since : [dropped[0], dropped[1]],
  };
}
