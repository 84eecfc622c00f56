// One event of a log as a CloudEvent (1.0, JSON). The part that is the same for every reader is
// serialised once and stored with the record. The position is written in front of it, because the
// logs of a filesystem and of its tenant number the same event differently.
import { isLabEvent } from '../../durable/lab-events.ts';
import type { EventRecord } from '../../engine/event-ring.ts';
import { rfc3339 } from '../../kernel/records/rfc3339.ts';
import { opId } from '../../kernel/units.ts';

export const typePrefix = 'pinhole.';

/** The last time that RFC 3339 can express; a manual clock can be set to later times. */
const timeMaxMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
let lastMs = -1;
let lastTime = '';

/** The text of the last time is cached, because many events in sequence have the same time. */
function timeOf(ms: number): string {
  if (ms !== lastMs) {
    lastTime = rfc3339(Math.min(ms, timeMaxMs));
    lastMs = ms;
  }
  return lastTime;
}

function bodyOf({ filesystem, event }: EventRecord): string {
  const { file, ino, unlinked, task, op } = event;
  const data = ino === 0 ? event.data : { ...event.data, ino, ...(unlinked ? { unlinked } : {}) };
  // An unlinked inode has no URL, and another file may have its former name.
  const about = unlinked ? `inodes/${ino}` : `files/${file}`;
  const subject = ino === 0 ? '' : `"subject":${JSON.stringify(about)},`;
  // Names of filesystems, operations and event types need no escapes.
  const operation = task === 0 ? '' : `,"operation":"${opId(task)}","op":"${op}"`;
  const thing = isLabEvent(event) ? `labs/${event.data.lab}` : `filesystems/${filesystem}`;
  const source = `"source":"/v1/${thing}","type":"${typePrefix}${event.type}"`;
  const time = `"time":"${timeOf(event.timeMs)}","datacontenttype":"application/json"`;
  return `${source},${subject}${time},"data":${JSON.stringify(data)}${operation}}`;
}

/** The record at position `seq` of the log called `epoch`. */
export function envelope(record: EventRecord, epoch: string, seq: number): string {
  record.json ??= bodyOf(record);
  const position = `"id":"${epoch}.${seq}","seq":${seq},"epoch":"${epoch}"`;
  return `{"specversion":"1.0",${position},${record.json}`;
}
