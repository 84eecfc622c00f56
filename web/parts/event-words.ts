// An event in a sentence, for lists, tooltips and the path of an operation.
import type { PinholeEvent } from 'pinhole/client';
import { bytesText, plural, sizeText } from './words.ts';

type Type = PinholeEvent['type'];
type DataOf<T extends Type> = Extract<PinholeEvent, { type: T }>['data'];

/** The part of an event that is told; the steps of GET …/explain have it too. */
export interface Told {
  type: string;
  data: unknown;
  operation?: string;
  op?: string;
  subject?: string;
}

/** "op_9 punch-hole sleeps on page 2, state S". Without the operation if `bare` is set. */
export function eventText(event: Told, { bare = false } = {}): string {
  const tell = sentences[event.type as Type] as ((data: unknown) => string) | undefined;
  const text = tell === undefined ? event.type : tell(event.data);
  const { operation, op = '', subject } = event;
  const file = subject?.startsWith('files/') ? `${subject.slice('files/'.length)}: ` : '';
  const who = operation === undefined || bare ? '' : `${`${operation} ${op}`.trim()} `;
  return `${who === '' && !bare ? file : who}${text}`;
}

const frames = ({ pfn, pages }: { pfn: number; pages: number }): string =>
  pages === 1 ? `page ${pfn}` : `pages ${pfn} to ${pfn + pages - 1}`;

const by = (owner: string | null): string => (owner === null ? '' : ` by ${owner}`);

const victims = ({ orphan, foreign = 0 }: { orphan: number; foreign?: number }): string => {
  if (orphan === 0) return '';
  const others = foreign === 0 ? '' : `, ${foreign} of which now belong to another place`;
  return `; ${plural(orphan, 'page')} no longer in the file${others}`;
};

const sleptOn = ({ on, pfn, lock, pgoff }: DataOf<'pinhole.task.blocked'>): string => {
  if (on === 'page') return `page ${pfn}`;
  return on === 'lock' ? `${lock}` : `the entry of page ${pgoff} of the file`;
};

/** A node of a cycle: "page:2" is "page 2", "lock:a:i_rwsem" is "i_rwsem of a". */
const nodeText = (id: string): string =>
  id.replace(/^page:/, 'page ').replace(/^lock:(.*):(\w+)$/, '$2 of $1');

const ending = ({ sleptMs, wakeups }: { sleptMs: number; wakeups: number }): string =>
  wakeups === 0 ? '' : `; it slept ${sleptMs} ms and woke ${plural(wakeups, 'time')}`;

const failing = (data: DataOf<'pinhole.operation.failed'>): string =>
  `${data.errno} (rule ${data.rule})${ending(data)}`;

const pinned = (data: DataOf<'pinhole.page.pinned'>): string =>
  `${plural(data.pages, 'page')} with ${data.pin}${by(data.owner)} (${data.kind})`;

const sentences: { [T in Type]: (data: DataOf<T>) => string } = {
  'pinhole.filesystem.created': ({ kind, kernel, blocks, forkOf }) =>
    forkOf === undefined
      ? `creates the filesystem: ${kind}, Linux ${kernel}, ${plural(blocks, 'page')}`
      : `creates the filesystem from ${forkOf}`,
  'pinhole.filesystem.unmounted': ({ forced }) =>
    `unmounts the filesystem${forced ? ' by force' : ''}`,
  'pinhole.strategy.changed': ({ from, to }) => `changes the strategy from ${from} to ${to}`,
  'pinhole.clock.advanced': ({ fromMs, toMs }) => `advances the clock by ${toMs - fromMs} ms`,
  'pinhole.power.cut': ({ linesLost }) => `power cut: ${plural(linesLost, 'cache line')} lost`,
  'pinhole.power.restored': ({ pinsDropped, mappingsDropped }) =>
    `power restored: ${plural(pinsDropped, 'pin')} and ${plural(mappingsDropped, 'mapping')} dropped`,
  'pinhole.file.created': ({ ino }) => `creates the file with inode ${ino}`,
  'pinhole.file.renamed': ({ from, to }) => `renames ${from} to ${to}`,
  'pinhole.file.unlinked': ({ ino }) => `removes the name of inode ${ino}`,
  'pinhole.file.evicted': ({ ino, blocksFreed }) =>
    `removes inode ${ino} and frees ${plural(blocksFreed, 'block')}`,
  'pinhole.file.resized': ({ fromBytes, toBytes }) =>
    `changes the size from ${sizeText(fromBytes)} to ${sizeText(toBytes)}`,
  'pinhole.range.exchanged': ({ with: other, ...range }) =>
    `exchanges ${bytesText(range)} with ${other}`,
  'pinhole.extent.allocated': (data) =>
    `allocates ${frames(data)} to ${bytesText(data)} of the file`,
  'pinhole.extent.removed': (data) => `removes ${frames(data)} from ${bytesText(data)} of the file`,
  'pinhole.extent.freed': ({ waitedMs, ...run }) =>
    `frees ${frames(run)}${waitedMs === 0 ? '' : ` after ${waitedMs} ms`}`,
  'pinhole.extent.busy': ({ reasons, ...run }) =>
    `makes ${frames(run)} busy (${reasons.join(', ')}): not free yet`,
  'pinhole.extent.detached': (run) => `detaches ${frames(run)} until its pins are released`,
  'pinhole.mapping.created': ({ mapping, ...range }) => `maps ${bytesText(range)} as ${mapping}`,
  'pinhole.mapping.removed': ({ mapping }) => `removes the mapping ${mapping}`,
  'pinhole.page.faulted': ({ mapping, pgoff, pfn, result }) =>
    `handles a fault on page ${pgoff} of ${mapping}: ${result}${pfn === null ? '' : `, page ${pfn}`}`,
  'pinhole.page.pmd_faulted': ({ mapping, pgoff, result, why }) =>
    `handles a 2 MiB fault at page ${pgoff} of ${mapping}: ${result}${why === null ? '' : ` (${why})`}`,
  'pinhole.page.unmapped': ({ pages, ...range }) =>
    `unmaps ${bytesText(range)}: ${plural(pages, 'page-table entry', 'page-table entries')} cleared`,
  'pinhole.page.collected': (data) => `holds ${pinned(data)} and is not done`,
  'pinhole.page.dropped': ({ pin, pages }) => `drops the ${plural(pages, 'page')} of ${pin}`,
  'pinhole.page.pinned': (data) => `pins ${pinned(data)}`,
  'pinhole.page.unpinned': ({ pin, pages, heldMs }) =>
    `unpins ${plural(pages, 'page')} of ${pin} after ${heldMs} ms`,
  'pinhole.page.idle': ({ pfn }) => `page ${pfn} is idle`,
  'pinhole.page.not_idle': ({ pfn, mappings }) =>
    `page ${pfn} has no pin but ${plural(mappings, 'mapping')}, so it is not idle`,
  'pinhole.page.delayed_free': ({ pfn, pins }) =>
    `page ${pfn} leaves its file with ${plural(pins, 'pin')}; the last put frees it`,
  'pinhole.page.worker_queued': ({ pfn }) => `page ${pfn} is left to the release worker`,
  'pinhole.gup.refused': ({ errno, rule, ...range }) =>
    `may not pin ${bytesText(range)}: ${errno} (rule ${rule})`,
  'pinhole.dma.written': ({ pin, orphan, foreign = 0, ...range }) =>
    `writes ${bytesText(range)} by ${pin}${victims({ orphan, foreign })}`,
  'pinhole.dma.read': ({ pin, orphan, foreign = 0, ...range }) =>
    `reads ${bytesText(range)} by ${pin}${victims({ orphan, foreign })}`,
  'pinhole.memory.failed': ({ pfn }) => `page ${pfn} has a media error and is unmapped`,
  'pinhole.layout.busy': ({ pfn, pgoff, pins }) =>
    `finds page ${pfn} (page ${pgoff} of the file) busy with ${plural(pins, 'pin')}`,
  'pinhole.layout.retried': ({ pfn, retries }) =>
    `finds page ${pfn} of the second file pinned and starts over, ${plural(retries, 'time')} so far`,
  'pinhole.layout.broken': ({ scans, ...range }) =>
    `finds no busy page in ${bytesText(range)} after ${plural(scans, 'scan')}`,
  'pinhole.waitqueue.wakeup': ({ bucket, pfn, woken }) =>
    `wakes ${woken.length === 0 ? 'nobody' : woken.join(', ')} for page ${pfn} (bucket ${bucket})`,
  'pinhole.task.blocked': (data) => `sleeps on ${sleptOn(data)}, state ${data.state}`,
  'pinhole.task.woken': ({ waitedMs, spurious, by: waker }) =>
    `wakes after ${waitedMs} ms${waker === null ? '' : `, woken by ${waker}`}${
      spurious ? ', for nothing' : ''
    }`,
  'pinhole.task.step': ({ step }) => `takes the step ${step}`,
  'pinhole.lock.acquired': ({ lock, mode }) => `takes ${lock} ${mode}`,
  'pinhole.lock.released': ({ lock, heldMs }) => `releases ${lock} after ${heldMs} ms`,
  'pinhole.task.signalled': ({ operation, restart }) =>
    `sends a signal to ${operation}${restart ? ', which begins again' : ''}`,
  'pinhole.deadlock.detected': ({ cycle }) =>
    `completes a deadlock: ${cycle.map(nodeText).join(' → ')}`,
  'pinhole.warning.raised': ({ text, where }) => `a kernel would warn: ${text} (${where})`,
  'pinhole.operation.submitted': ({ owner }) => `begins${by(owner)}`,
  'pinhole.operation.done': (data) => `is done${ending(data)}`,
  'pinhole.operation.failed': (data) => `fails with ${failing(data)}`,
  'pinhole.operation.cancelled': (data) => `is cancelled with ${failing(data)}`,
};
