// Views as tables for a person. A view without a table of its own is shown field by field.
import { type Cell, columns, facts } from './output.ts';
import { filesystemFacts, fileText, operationFacts, operationTable, yes } from './record-tables.ts';
import type { Schemas } from './schemas.ts';
import { sizeText, timeText } from './sizes.ts';

interface ViewWords {
  summary: string;
  table?(view: never): string;
}

const shown = <V>(summary: string, table: (view: V) => string): ViewWords => ({
  summary,
  table: table as NonNullable<ViewWords['table']>,
});

const dateText = (ms: number): string => new Date(ms).toISOString();

const lockerText = ({ operation, mode }: Schemas['LockOwner']): string => `${operation} (${mode})`;

type LeftRun = Schemas['BusyExtent'] | Schemas['DetachedExtent'];

const runCells = ({ pfn, pages, ino, unlinked }: LeftRun): Cell[] => [
  pfn,
  pages,
  ino === null ? null : `#${ino}${unlinked === true ? ' (unlinked)' : ''}`,
];
const ageCells = ({ pins, ageMs }: LeftRun): Cell[] => [pins, timeText(ageMs)];

/** By the name of the view. */
export const viewWords: Readonly<Record<string, ViewWords>> = {
  filesystem: shown('a filesystem: settings, space, counters', filesystemFacts),
  strategy: { summary: 'the strategy in force' },
  files: shown<Schemas['Files']>('the files', ({ items }) =>
    columns(
      ['name', 'inode', 'size', 'blocks', 'extents', 'mappings', 'etag'],
      items.map(({ name, ino, sizeBytes, blocks512, extents, mappings, etag }) => [
        name,
        ino,
        sizeText(sizeBytes),
        blocks512 / 8,
        extents,
        mappings,
        etag,
      ]),
    ),
  ),
  file: shown<Schemas['File']>('a file, as stat does', (file) =>
    facts([
      ['name', file.name],
      ['inode', `${file.ino}, generation ${file.generation}`],
      ['size', `${sizeText(file.sizeBytes)} (${file.sizeBytes} bytes)`],
      ['blocks', `${file.blocks512 / 8} of 4K in ${file.extents} extents`],
      ['mappings', file.mappings],
      ['etag', file.etag],
      ['created', dateText(file.createdMs)],
      ['modified', dateText(file.modifiedMs)],
    ]),
  ),
  extents: shown<Schemas['Extents']>('the extents of a file', ({ extents }) =>
    columns(
      ['offset', 'length', 'physical', 'state'],
      extents.map(({ offset, length, physical, state }) => [offset, length, physical, state]),
    ),
  ),
  pages: shown<Schemas['Pages']>('page frames of the device', ({ items }) =>
    columns(
      ['pfn', 'state', 'pins', 'mapcount', 'refcount', 'file', 'page', 'bucket'],
      items.map(({ pfn, state, pins, mapcount, refcount, file, ino, pgoff, bucket }) => [
        pfn,
        state,
        pins,
        mapcount,
        refcount.modern,
        fileText(file, ino),
        pgoff,
        bucket,
      ]),
    ),
  ),
  mappings: shown<Schemas['Mappings']>('the mappings', ({ items }) =>
    columns(
      ['id', 'file', 'offset', 'length', 'access', 'shared', 'owner', 'pages'],
      items.map((mapping) => [
        mapping.id,
        fileText(mapping.file, mapping.ino),
        mapping.offset,
        sizeText(mapping.length),
        mapping.access,
        yes(mapping.shared),
        mapping.owner,
        mapping.pagesPresent,
      ]),
    ),
  ),
  mapping: { summary: 'a mapping and its page table' },
  pins: shown<Schemas['Pins']>('the pins', ({ items }) =>
    columns(
      ['id', 'file', 'offset', 'size', 'owner', 'kind', 'access', 'longterm', 'held'],
      items.map((pin) => [
        pin.id,
        fileText(pin.file, pin.ino),
        pin.offset,
        sizeText(pin.bytesPinned),
        pin.owner,
        pin.kind,
        pin.access,
        yes(pin.longterm),
        timeText(pin.heldMs),
      ]),
    ),
  ),
  pin: { summary: 'a pin and its pages' },
  operations: shown<Schemas['Operations']>('the operations', operationTable),
  operation: shown<Schemas['Operation']>('an operation', operationFacts),
  'busy-extents': shown<Schemas['BusyExtents']>(
    'blocks that left their file and cannot be allocated yet',
    ({ extents, detached }) =>
      columns(
        ['pfn', 'pages', 'left file', 'busy for', 'pins', 'age'],
        [
          ...extents.map((one) => [...runCells(one), one.reasons.join(', '), ...ageCells(one)]),
          ...detached.map((one) => [...runCells(one), `${one.freedBy} waits`, ...ageCells(one)]),
        ],
      ),
  ),
  badblocks: { summary: 'the media errors' },
  'free-extents': { summary: 'the free runs of the device' },
  map: shown<Schemas['Map']>('a map of the device', ({ runs }) =>
    columns(
      ['pfn', 'pages', 'state', 'file', 'page', 'pins', 'flags'],
      runs.map(({ pfn, pages, state, file, ino, pgoff, pins, flags }) => [
        pfn,
        pages,
        state,
        fileText(file, ino),
        pgoff,
        pins,
        flags?.join(' '),
      ]),
    ),
  ),
  waitqueues: { summary: 'the hashed waitqueues' },
  locks: shown<Schemas['Locks']>('the locks that are held or waited for', ({ items }) =>
    columns(
      ['lock', 'file', 'page', 'held by', 'waited for by'],
      items.map(({ lock, file, ino, pgoff, holders, queue }) => [
        lock,
        fileText(file, ino),
        pgoff,
        holders.map(lockerText).join(', '),
        queue.map(lockerText).join(', '),
      ]),
    ),
  ),
  'wait-graph': { summary: 'the wait graph and its deadlocks' },
  'hung-tasks': shown<Schemas['HungTasks']>('operations in state D for too long', ({ items }) =>
    columns(
      ['operation', 'does', 'file', 'blocked', 'culprits'],
      items.map(({ operation, op, file, ino, blockedMs, culprits }) => [
        operation,
        op,
        fileText(file, ino),
        timeText(blockedMs),
        culprits.map((culprit) => culprit.operation).join(', '),
      ]),
    ),
  ),
};

/** Fields first, then each list as a table of its own. */
export function anyTable(view: object): string {
  const lists: string[] = [];
  const fields: [string, Cell][] = [];
  for (const [name, value] of Object.entries(view)) {
    if (name === 'cursor' || name === 'nextPageToken') continue;
    if (Array.isArray(value)) lists.push(listTable(name, value));
    else fields.push([wordsOf(name), cellOf(value)]);
  }
  return [...(fields.length === 0 ? [] : [facts(fields)]), ...lists].join('\n\n');
}

function listTable(name: string, items: readonly unknown[]): string {
  const title = `${wordsOf(name)}: ${items.length}`;
  const objects = items.filter((item) => typeof item === 'object' && item !== null);
  if (objects.length === 0) return items.length === 0 ? title : `${title}\n${items.join('\n')}`;
  const keys = [...new Set(objects.flatMap(Object.keys))];
  const rows = objects.map((item) => keys.map((key) => cellOf((item as never)[key])));
  return `${title}\n${columns(keys.map(wordsOf), rows)}`;
}

const cellOf = (value: unknown): Cell =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Cell);

/** `blocksFree` is "blocks free". */
const wordsOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/ ms$/, ' (ms)');
