// Each event in words: a sentence of texts and of ids, which the page shows as chips.
import type { PinholeEvent } from 'pinhole/client';
import { bytesText, durationText, pagesText, plural, sizeText } from '../parts/words.ts';
import { fileId, pageId } from '../state/ids.ts';

/** A text, or the id of a thing with the text that names it. */
export type Part = string | { id: string; text: string };

type Type = PinholeEvent['type'] extends `pinhole.${infer T}` ? T : never;
type EventOf<T extends Type> = Extract<PinholeEvent, { type: `pinhole.${T}` }>;

const page = (pfn: number | null): Part =>
  pfn === null ? 'a page without a frame' : { id: pageId(pfn), text: `page ${pfn}` };
const thing = (id: string): Part => ({ id, text: id });
const blocks = ({ pfn, pages }: { pfn: number; pages: number }): Part[] => [
  `${pagesText(pages)} from `,
  page(pfn),
];
const by = (owner: string | null): string => (owner === null ? '' : ` by ${owner}`);
const slept = ({ sleptMs, wakeups }: { sleptMs: number; wakeups: number }): string =>
  wakeups === 0 ? '' : `, after sleeping ${durationText(sleptMs)}`;
const nameIn = ({ subject = '' }: { subject?: string }): string =>
  subject.slice(subject.indexOf('/') + 1);

/** What the task sleeps on. */
function sleptOn(event: EventOf<'task.blocked'>): Part[] {
  const { on, pfn, lock, pgoff } = event.data;
  if (on === 'page' && pfn !== undefined) return [page(pfn)];
  const file = nameIn(event);
  if (on === 'lock' && lock !== undefined)
    return [{ id: `lock:${file}:${lock}`, text: `${lock} of ${file}` }];
  return [{ id: `entry:${file}:${pgoff ?? 0}`, text: `the entry of page ${pgoff ?? 0}` }];
}

const sentences: { [T in Type]: (event: EventOf<T>) => Part[] } = {
  'filesystem.created': ({ data }) => [
    `created: ${data.kind}, Linux ${data.kernel}, ${plural(data.blocks, 'block')}`,
    data.forkOf === undefined ? '' : `, from ${data.forkOf}`,
  ],
  'filesystem.unmounted': ({ data }) => [data.forced ? 'unmounted by force' : 'unmounted'],
  'strategy.changed': ({ data }) => [`strategy: ${data.from} → ${data.to}`],
  'clock.advanced': ({ data }) => [`the clock moved on ${durationText(data.toMs - data.fromMs)}`],
  'power.cut': ({ data }) => [
    `power cut: ${data.linesLost} of ${data.linesDirty} dirty lines lost`,
  ],
  'power.restored': ({ data }) => [
    `mounted again: ${plural(data.pinsDropped, 'pin')} and ${plural(data.mappingsDropped, 'mapping')} gone`,
  ],
  'file.created': ({ data }) => [file(data), ` created, ${sizeText(data.sizeBytes)}`],
  'file.renamed': ({ data }) => [`renamed ${data.from} → ${data.to}`],
  'file.unlinked': ({ data }) => [file(data), ' unlinked'],
  'file.evicted': ({ data }) => [
    `inode ${data.ino} evicted, ${plural(data.blocksFreed, 'block')} freed`,
  ],
  'file.resized': ({ data }) => [`size ${sizeText(data.fromBytes)} → ${sizeText(data.toBytes)}`],
  'range.exchanged': ({ data }) => [`${bytesText(data)} exchanged with ${data.with}`],
  'extent.allocated': ({ data }) => ['allocated ', ...blocks(data), ` for ${bytesText(data)}`],
  'extent.removed': ({ data }) => [...blocks(data), ' left the file'],
  'extent.freed': ({ data }) => [...blocks(data), ` free (was ${data.from})`],
  'extent.busy': ({ data }) => [...blocks(data), ` busy: ${data.reasons.join(', ')}`],
  'extent.detached': ({ data }) => [...blocks(data), ' detached'],
  'mapping.created': ({ data }) => [
    thing(data.mapping),
    ` maps ${bytesText(data)}, ${data.access}`,
  ],
  'mapping.removed': ({ data }) => [
    thing(data.mapping),
    ` removed, ${pagesText(data.pagesUnmapped)}`,
  ],
  'page.faulted': ({ data }) => [
    thing(data.mapping),
    ' faulted ',
    page(data.pfn),
    ` in: ${data.result}`,
  ],
  'page.pmd_faulted': ({ data }) => [
    thing(data.mapping),
    ` faulted 2 MiB in: ${data.result}`,
    data.why === null ? '' : ` (${data.why})`,
  ],
  'page.unmapped': ({ data }) => [`unmapped ${pagesText(data.pages)} of ${bytesText(data)}`],
  'page.collected': ({ data }) => [thing(data.pin), ` has collected ${pagesText(data.pages)}`],
  'page.dropped': ({ data }) => [thing(data.pin), ` dropped ${pagesText(data.pages)}`],
  'page.pinned': ({ data }) => [
    thing(data.pin),
    `${by(data.owner)} pins ${pagesText(data.pages)} for ${data.access} (${data.kind})`,
  ],
  'page.unpinned': ({ data }) => [
    thing(data.pin),
    ` released ${pagesText(data.pages)} after ${durationText(data.heldMs)}`,
  ],
  'page.idle': ({ data }) => [page(data.pfn), ' is idle'],
  'page.not_idle': ({ data }) => [
    page(data.pfn),
    ` is not idle: ${plural(data.mappings, 'mapping')}`,
  ],
  'page.delayed_free': ({ data }) => [
    page(data.pfn),
    ` is freed at the last of ${plural(data.pins, 'pin')}`,
  ],
  'page.worker_queued': ({ data }) => ['the worker will release ', page(data.pfn)],
  'gup.refused': ({ data }) => [`get_user_pages refused: ${data.errno} (${data.rule})`],
  'dma.written': ({ data }) => ['a device wrote through ', thing(data.pin), dmaText(data)],
  'dma.read': ({ data }) => ['a device read through ', thing(data.pin), dmaText(data)],
  'memory.failed': ({ data }) => [page(data.pfn), ' is poisoned'],
  'layout.busy': ({ data }) => [
    'the scan found ',
    page(data.pfn),
    ` with ${plural(data.pins, 'reference')}`,
  ],
  'layout.retried': ({ data }) => ['tries again because of ', page(data.pfn), ` (${data.retries})`],
  'layout.broken': ({ data }) => [`no page is busy after ${plural(data.scans, 'scan')}`],
  'waitqueue.wakeup': ({ data }) => [
    `bucket ${data.bucket} woke ${plural(data.woken.length, 'operation')} for `,
    page(data.pfn),
  ],
  'task.blocked': (event) => [`sleeps (${event.data.state}) on `, ...sleptOn(event)],
  'task.woken': ({ data }) => [
    `woken after ${durationText(data.waitedMs)}`,
    ...(data.by === null ? [] : [' by ', thing(data.by)]),
    data.spurious ? ', for nothing' : '',
  ],
  'task.step': ({ data }) => [`step: ${data.step}`],
  'lock.acquired': (event) => [...lockOf(event), ` taken ${event.data.mode}`],
  'lock.released': (event) => [
    ...lockOf(event),
    ` released after ${durationText(event.data.heldMs)}`,
  ],
  'task.signalled': ({ data }) => [
    thing(data.operation),
    ` (${data.op}) got a signal${data.restart ? ' and starts again' : ''}`,
  ],
  'deadlock.detected': ({ data }) => [`deadlock: ${data.explanation}`],
  'warning.raised': ({ data }) => [`warning at ${data.where}: ${data.text}`],
  'operation.submitted': ({ data }) => [`${data.op} begun${by(data.owner)}`],
  'operation.done': ({ data }) => [`${data.op} done${slept(data)}`],
  'operation.failed': ({ data }) => [
    `${data.op} failed: ${data.errno} (${data.rule})${slept(data)}`,
  ],
  'operation.cancelled': ({ data }) => [`${data.op} cancelled: ${data.errno}${slept(data)}`],
};

function file({ ino = 0 }: { ino?: number }): Part {
  return { id: fileId(ino), text: `inode ${ino}` };
}

function lockOf(event: EventOf<'lock.acquired'> | EventOf<'lock.released'>): Part[] {
  const name = nameIn(event);
  const { lock } = event.data;
  return [{ id: `lock:${name}:${lock}`, text: `${lock} of ${name}` }];
}

function dmaText({ orphan }: { orphan: number }): string {
  return orphan === 0 ? '' : `, ${pagesText(orphan)} of which the file no longer owns`;
}

export const eventTypes = Object.keys(sentences) as Type[];
/** `page.*` and the other families. */
export const families = [...new Set(eventTypes.map((type) => `${type.split('.')[0]}.*`))];

/** A server that is newer than the page may have more types; such an event is told by its name. */
export function sentenceOf(event: PinholeEvent): Part[] {
  const type = event.type.slice('pinhole.'.length) as Type;
  const tell = sentences[type] as ((event: PinholeEvent) => Part[]) | undefined;
  return (tell?.(event) ?? [type]).filter((part) => part !== '');
}

export const sentenceText = (event: PinholeEvent): string =>
  sentenceOf(event)
    .map((part) => (typeof part === 'string' ? part : part.text))
    .join('');
