import { z } from 'zod';
import { pageSizeMax } from '../records/contract.ts';
import { pinRecord, zPin } from '../records/pin.ts';
import type { Pin } from '../state.ts';
import { type PinId, pinId } from '../units.ts';
import { inodeAskedFor, zByFile } from './by-file.ts';
import { absent, cursorOf, defineView, found, pageOfList, tokenOf, zPage } from './define.ts';

/** The most pages of each pin in a list of pins. */
const pagesInLists = 16;

export const pins = defineView({
  name: 'pins',
  summary: 'List the pins of a filesystem',
  doc:
    'Oldest first, each with its first 16 pages. owner=NAME lists the pins of one owner; ' +
    'file=NAME and ino=N list those of one file, including pages that the file no longer owns.',
  on: 'filesystem',
  path: 'pins',
  query: z.strictObject({
    ...zPage,
    owner: z.string().max(128).optional().describe('Only the pins of this owner.'),
    ...zByFile,
  }),
  result: z.object({ items: z.array(zPin), nextPageToken: z.string().optional() }),
  read(k, _target, query, nowMs) {
    const asked = inodeAskedFor(k, query);
    if (!asked.ok) return asked;
    const isListed = (pin: Pin): boolean =>
      (query.owner === undefined || pin.owner === query.owner) &&
      (asked.ino === null || pin.ino === asked.ino);
    const listed =
      query.owner === undefined && asked.ino === null
        ? k.pins.values()
        : [...k.pins.values()].filter(isListed);
    const page = pageOfList(listed, query, (pin) => pin.id);
    return found({
      ...page,
      items: page.items.map((pin) => pinRecord(k, pin, nowMs, 0, pagesInLists)),
    });
  },
});

export const pin = defineView({
  name: 'pin',
  summary: 'A pin and its pages',
  doc:
    'orphan says for each page whether the file no longer owns it. pageSize and pageToken page ' +
    'through the pages.',
  on: 'pin',
  path: '',
  query: z.strictObject({ ...zPage, pageSize: zPage.pageSize.default(pageSizeMax) }),
  result: zPin.extend({ nextPageToken: z.string().optional() }),
  read(k, target, query, nowMs) {
    const held = k.pins.get((target.pin ?? 0) as PinId);
    if (held === undefined) return absent('NM3', `there is no pin ${pinId(target.pin ?? 0)}`);
    const from = cursorOf(query);
    const max = Math.min(query.pageSize, pageSizeMax);
    const more = from + max < held.pfns.length ? { nextPageToken: tokenOf(from + max) } : {};
    return found({ ...pinRecord(k, held, nowMs, from, max), ...more });
  },
});
