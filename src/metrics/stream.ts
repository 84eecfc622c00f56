// The event streams.
import { defineFamily, one, type Sample } from './define.ts';
import type { Server, StreamCounts } from './server.ts';

const of = (server: Server | null, read: (stream: StreamCounts) => number): Sample[] =>
  server === null ? [] : one(read(server.stream));

export const stream = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_stream_clients',
      type: 'gauge',
      help: 'Open event streams.',
      read: (_, s) => of(s.server, (c) => c.clients),
    },
    {
      name: 'pinhole_stream_subscriptions',
      type: 'gauge',
      help: 'Subscriptions of all event streams.',
      read: (_, s) => of(s.server, (c) => c.subscriptions),
    },
    {
      name: 'pinhole_stream_lag_events',
      type: 'gauge',
      help: 'Events that were not yet sent to the slowest reader.',
      read: (_, s) => of(s.server, (c) => c.lagEvents()),
    },
    {
      name: 'pinhole_stream_frames_sent_total',
      type: 'counter',
      help: 'Frames with events that were sent.',
      read: (_, s) => of(s.server, (c) => c.framesSent),
    },
    {
      name: 'pinhole_stream_events_sent_total',
      type: 'counter',
      help: 'Events that were sent, counted once for each reader.',
      read: (_, s) => of(s.server, (c) => c.eventsSent),
    },
    {
      name: 'pinhole_stream_sent_bytes_total',
      type: 'counter',
      help: 'Bytes of frames with events that were sent.',
      read: (_, s) => of(s.server, (c) => c.bytesSent),
    },
    {
      name: 'pinhole_stream_disconnects_total',
      type: 'counter',
      help: 'Event streams that ended, by reason.',
      read: (_, { server }) =>
        [...(server?.stream.disconnects ?? [])].map(([reason, value]) => ({
          labels: { reason },
          value,
        })),
    },
  ],
});
