// The clock of the server beside that of the machine: whoever reads ages and times wants to know
// when one of them was set.
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
