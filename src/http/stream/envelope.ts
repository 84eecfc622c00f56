// One event of a log as a CloudEvent (1.0, JSON). What is the same for every reader is serialised
// once and kept with the record; the position stands in front of it, because the log of a
// filesystem and that of its tenant number the same event differently.
import type { EventRecord } from '../../engine/event-ring.ts';
import { rfc3339 } from '../../kernel/records/rfc3339.ts';
import { opId } from '../../kernel/units.ts';

export const typePrefix = 'pinhole.';

/** The last instant that RFC 3339 can write; a manual clock can be set beyond it. */
const timeMaxMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
let lastMs = -1;
let lastTime = '';

/** Events come in bursts of one time. */
function timeOf(ms: number): string {
  if (ms !== lastMs) {
    lastTime = rfc3339(Math.min(ms, timeMaxMs));
    lastMs = ms;
  }
  return lastTime;
}

function bodyOf({ filesystem, event }: EventRecord): string {
  const { file, ino, unlinked, task } = event;
  const data = ino === 0 ? event.data : { ...event.data, ino, ...(unlinked ? { unlinked } : {}) };
  // An inode without a name is at no URL, and another file may be at the one that it had.
  const about = unlinked ? `inodes/${ino}` : `files/${file}`;
  const subject = ino === 0 ? '' : `"subject":${JSON.stringify(about)},`;
  const operation = task === 0 ? '' : `,"operation":"${opId(task)}"`;
  // Names of filesystems and event types need no escapes.
  const source = `"source":"/v1/filesystems/${filesystem}","type":"${typePrefix}${event.type}"`;
  const time = `"time":"${timeOf(event.timeMs)}","datacontenttype":"application/json"`;
  return `${source},${subject}${time},"data":${JSON.stringify(data)}${operation}}`;
}

/** The record at position `seq` of the log called `epoch`. */
export function envelope(record: EventRecord, epoch: string, seq: number): string {
  record.json ??= bodyOf(record);
  const position = `"id":"${epoch}.${seq}","seq":${seq},"epoch":"${epoch}"`;
  return `{"specversion":"1.0",${position},${record.json}`;
}
