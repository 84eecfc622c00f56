// The views: one row each, in the order of the menu. A view is loaded when it is opened, so that
// the first one stays small.
import type { FunctionComponent } from 'preact';
import type { ViewName } from './names.ts';

export interface ViewRow {
  /** What the menu and the title of the window say. */
  title: string;
  /** The key that opens it. */
  key?: string;
  /** Whether it shows one filesystem, so that the menu of a filesystem has it. */
  ofFilesystem: boolean;
  load: () => Promise<{ View: FunctionComponent }>;
}

const rows: Record<ViewName, ViewRow> = {
  home: { title: 'Filesystems', key: 'h', ofFilesystem: false, load: () => import('./home.tsx') },
  machine: { title: 'Machine', key: 'm', ofFilesystem: true, load: () => import('./machine.tsx') },
  device: { title: 'Device', key: 'd', ofFilesystem: true, load: () => import('./device.tsx') },
  file: { title: 'File', key: 'f', ofFilesystem: true, load: () => import('./file.tsx') },
  waits: { title: 'Waits', key: 'w', ofFilesystem: true, load: () => import('./waits.tsx') },
  graph: { title: 'Graph', key: 'g', ofFilesystem: true, load: () => import('./graph.tsx') },
  timeline: {
    title: 'Timeline',
    key: 't',
    ofFilesystem: true,
    load: () => import('./timeline.tsx'),
  },
  stepper: { title: 'Stepper', ofFilesystem: true, load: () => import('./stepper.tsx') },
  compare: { title: 'Compare', key: 'k', ofFilesystem: true, load: () => import('./compare.tsx') },
  events: { title: 'Events', key: 'e', ofFilesystem: true, load: () => import('./events.tsx') },
  stories: { title: 'Stories', ofFilesystem: false, load: () => import('./stories.tsx') },
  story: { title: 'Story', ofFilesystem: false, load: () => import('./story.tsx') },
  labs: { title: 'Lab', key: 'l', ofFilesystem: false, load: () => import('./labs.tsx') },
  lab: { title: 'Lab', ofFilesystem: false, load: () => import('./lab.tsx') },
  server: { title: 'Server', ofFilesystem: false, load: () => import('./server.tsx') },
  unknown: { title: 'Not found', ofFilesystem: false, load: () => import('./unknown.tsx') },
};

export const views = Object.entries(rows) as [ViewName, ViewRow][];
export const viewNamed = (name: ViewName): ViewRow => rows[name];
