// Labs of the server: which wait and run, and how they ended.
import { defineFamily, one } from './define.ts';

export const labs = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_labs_queued',
      type: 'gauge',
      help: 'Labs that wait for another lab of their tenant.',
      read: (_, { server }) => (server === null ? [] : one(server.labs.queued)),
    },
    {
      name: 'pinhole_labs_running',
      type: 'gauge',
      help: 'Labs that run.',
      read: (_, { server }) => (server === null ? [] : one(server.labs.running)),
    },
    {
      name: 'pinhole_labs_ended_total',
      type: 'counter',
      help: 'Labs that have ended since the server started, by how: done, failed or cancelled.',
      read: (_, { server }) =>
        server === null
          ? []
          : [...server.labs.ended].map(([state, value]) => ({ labels: { state }, value })),
    },
    {
      name: 'pinhole_lab_runs_total',
      type: 'counter',
      help: 'Runs of labs that have ended: one seed under one strategy.',
      read: (_, { server }) => (server === null ? [] : one(server.labs.runs)),
    },
  ],
});
