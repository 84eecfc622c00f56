// The version of the server.
import { defineFamily } from './define.ts';

export const build = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_build_info',
      type: 'gauge',
      help: 'Always 1; the labels name the version of Pinhole and of Node.js.',
      read(_, { server }) {
        if (server === null) return [];
        const { version, durability } = server;
        return [
          {
            labels: {
              version,
              durability,
              node: process.version,
              platform: process.platform,
              arch: process.arch,
            },
            value: 1,
          },
        ];
      },
    },
  ],
});
