/** The views; web/views/index.ts has a row for each. Apart, so that the location knows no view. */
export type ViewName =
  | 'home'
  | 'machine'
  | 'device'
  | 'file'
  | 'waits'
  | 'graph'
  | 'timeline'
  | 'stepper'
  | 'compare'
  | 'events'
  | 'stories'
  | 'story'
  | 'labs'
  | 'lab'
  | 'server'
  | 'unknown';
