// The clock of the server and the wall clock of the machine. Ages and times are wrong for a while
// when one of them is set, so both are shown.
import { defineFamily, one } from './define.ts';

export const clock = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_clock_jumps_total',
      type: 'counter',
      help: 'Jumps of the wall clock of this host by more than half a second while the server ran.',
      read(_, { server }) {
        if (server?.clock == null) return [];
        const { forward, backward } = server.clock.jumps;
        return [
          { labels: { direction: 'forward' }, value: forward },
          { labels: { direction: 'backward' }, value: backward },
        ];
      },
    },
    {
      name: 'pinhole_clock_ahead_seconds',
      type: 'gauge',
      help:
        'How far the time of the server is ahead of the wall clock, because the wall clock was ' +
        'set back.',
      read: (_, { server }) => (server?.clock == null ? [] : one(server.clock.aheadMs() / 1000)),
    },
  ],
});
