// Pins by kind, how long they were held, and what get_user_pages refused.
import { pinKinds } from '../kernel/state.ts';
import {
  bump,
  defineFamily,
  distributions,
  histogramOf,
  observe,
  one,
  samplesOf,
  tally,
  under,
  waitBounds,
} from './define.ts';

const held = 'pinhole_pin_hold_duration_seconds';

export const pins = defineFamily({
  scope: 'tenant',
  create: () => ({
    live: tally(...pinKinds),
    acquired: tally(...pinKinds),
    released: tally(...pinKinds),
    held: distributions(pinKinds, waitBounds),
    // Without keys, because the rules are no closed set.
    refused: tally(),
  }),
  adopt(state, { pins: live }) {
    for (const { kind } of live.values()) bump(state.live, kind);
  },
  on: {
    'page.pinned'(state, { kind }) {
      bump(state.live, kind);
      bump(state.acquired, kind);
    },
    'page.unpinned'(state, { heldMs }, place) {
      const { pinKind } = place;
      bump(state.live, pinKind, -1);
      bump(state.released, pinKind);
      observe(under(state.held, pinKind, waitBounds), heldMs / 1000, place);
    },
    'power.restored'(state, _data, { pinKinds }) {
      for (const kind of pinKinds.values()) {
        bump(state.live, kind, -1);
        bump(state.released, kind);
      }
    },
    'filesystem.unmounted'(state, _data, { pinKinds }) {
      for (const kind of pinKinds.values()) bump(state.live, kind, -1);
    },
    'gup.refused'(state, { rule, errno }) {
      bump(state.refused, `${rule}\n${errno}`);
    },
  },
  rows: [
    {
      name: 'pinhole_pins',
      type: 'gauge',
      help: 'Live pins.',
      read: (state) => samplesOf(['kind'], state.live),
    },
    {
      name: 'pinhole_pinned_pages',
      type: 'gauge',
      help: 'Pages that at least one pin holds.',
      read: (_, { totals }) => one(totals.pinnedPages),
    },
    {
      name: 'pinhole_pin_oldest_age_seconds',
      type: 'gauge',
      help: 'Age of the oldest live pin; 0 if there is none.',
      read: (_, { totals }) => one(totals.oldestPinMs / 1000),
    },
    {
      name: 'pinhole_pins_acquired_total',
      type: 'counter',
      help: 'Pins that get_user_pages granted.',
      read: (state) => samplesOf(['kind'], state.acquired),
    },
    {
      name: 'pinhole_pins_released_total',
      type: 'counter',
      help: 'Pins that were released.',
      read: (state) => samplesOf(['kind'], state.released),
    },
    {
      name: held,
      type: 'histogram',
      help: 'How long pins were held.',
      read: (state) => histogramOf(held, ['kind'], state.held),
    },
    {
      name: 'pinhole_pin_refusals_total',
      type: 'counter',
      help: 'Calls of get_user_pages that pinned no page, by the rule that refused them.',
      read: (state) => samplesOf(['rule', 'errno'], state.refused),
    },
  ],
});
