// Memory that the server counts for its tenants. The process has gauges of its own.
import { defineFamily, one } from './define.ts';

export const memory = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_memory_held_bytes',
      type: 'gauge',
      help:
        'Memory that the server holds for its tenants: filesystems, events, stored answers, ' +
        'request bodies and replies.',
      read: (_, { server }) => (server === null ? [] : one(server.memory.used)),
    },
    {
      name: 'pinhole_memory_limit_bytes',
      type: 'gauge',
      help:
        'Limit of pinhole_memory_held_bytes (--memory-max); beyond it, operations that need ' +
        'memory are refused.',
      read: (_, { server }) => (server === null ? [] : one(server.memory.max)),
    },
  ],
});
