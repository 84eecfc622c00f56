// The registry of views, one line for each.
import { badblocks } from './badblocks.ts';
import { busyExtents } from './busy-extents.ts';
import type { View } from './define.ts';
import { extents, freeExtents } from './extents.ts';
import { file, files } from './files.ts';
import { filesystem } from './filesystem.ts';
import { hungTasks } from './hung-tasks.ts';
import { locks } from './locks.ts';
import { map } from './map.ts';
import { mapping, mappings } from './mappings.ts';
import { operation, operationsView } from './operations.ts';
import { pages } from './pages.ts';
import { pin, pins } from './pins.ts';
import { strategy } from './strategy.ts';
import { waitGraph } from './wait-graph.ts';
import { waitqueues } from './waitqueues.ts';

const all: View[] = [
  filesystem,
  strategy,
  files,
  file,
  extents,
  pages,
  mappings,
  mapping,
  pins,
  pin,
  operationsView,
  operation,
  busyExtents,
  badblocks,
  freeExtents,
  map,
  waitqueues,
  locks,
  waitGraph,
  hungTasks,
];

export const views: ReadonlyMap<string, View> = new Map(all.map((view) => [view.name, view]));
