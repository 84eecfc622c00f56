import { z } from 'zod';
import type { PinId } from '../units.ts';
import { absent, defineView, found, pageOfList, zPage } from './define.ts';
import { pinRecord, zPin } from './pin-record.ts';

export const pins = defineView({
  name: 'pins',
  summary: 'List the pins of a filesystem',
  doc: 'Oldest first; owner=NAME lists those of one owner.',
  on: 'filesystem',
  path: 'pins',
  query: z.strictObject({ ...zPage, owner: z.string().max(128).optional() }),
  result: z.object({ items: z.array(zPin), nextPageToken: z.string().optional() }),
  errors: ['ENOENT'],
  read(k, _target, query, nowMs) {
    const listed = query.owner === undefined ? k.pins.values() : [...k.pins.values()].filter((pin) => pin.owner === query.owner);
    const page = pageOfList(listed, query, (pin) => pin.id);
    return found({ ...page, items: page.items.map((pin) => pinRecord(k, pin, nowMs)) });
  },
});

export const pin = defineView({
  name: 'pin',
  summary: 'A pin and its pages',
  doc: 'orphan says for each page whether the file has lost it since.',
  on: 'pin',
  path: '',
  query: z.strictObject({}),
  result: zPin,
  errors: ['ENOENT'],
  read(k, target, _query, nowMs) {
    const held = k.pins.get((target.pin ?? 0) as PinId);
    return held === undefined ? absent('NM3', `there is no pin pin_${target.pin}`) : found(pinRecord(k, held, nowMs));
  },
});
