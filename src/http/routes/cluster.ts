// The nodes that share the filesystems.
import { z } from 'zod';
import { zCount } from '../../kernel/units.ts';
import { version } from '../../version.ts';
import { defineRoute, type Route } from './define.ts';

const zNode = z.object({
  id: z.string().describe('Drawn when the process starts.'),
  name: z.string().describe('Its --node-id.'),
  url: z.string().nullable().describe('Where the other nodes and clients reach it.'),
  release: z.string().describe('The version of its program.'),
  live: z.boolean().describe('False when it has given no sign for --lease-ms.'),
  leaving: z.boolean().describe('It stops, and takes no more filesystems.'),
  places: zCount.describe('How many filesystems it owns.'),
});

const cluster = defineRoute({
  name: 'cluster',
  url: '/v1/cluster',
  scope: 'any',
  tag: 'server',
  summary: 'The nodes of the cluster',
  doc:
    'Each filesystem has one node that owns it. A request at another node is passed on; the header ' +
    'Pinhole-Node of the answer names the owner. A server without a cluster is the only node.',
  result: z.object({ nodes: z.array(zNode) }),
  async answer({ cluster: view, engine, config }) {
    if (view !== null) return { nodes: await view.nodes() };
    const url = `http://${config.host}:${config.port}`;
    const own = { id: 'local', name: 'local', url, release: version };
    const places = [...engine.all()].length;
    return { nodes: [{ ...own, live: true, leaving: engine.draining, places }] };
  },
});

export const clusterRoutes: readonly Route[] = [cluster];
