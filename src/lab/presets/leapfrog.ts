import type { Preset } from './preset.ts';

export const leapfrog: Preset = {
  title: 'Two owners pin in turn',
  source: 'S07 of docs/scenarios.md: the starvation of which the mail warns.',
  text: `name: leapfrog
about: >-
  Two owners pin one page each. Each pin is short, but the second begins before the first ends, so
  that one of the two pages is pinned at nearly any time. A third thread wants to punch both pages.
filesystem: { sizeBytes: 1Mi, files: { a: 2p } }
durationMs: 5000
actors:
  p:
    start: 0
    periodMs: 10
    loop:
      - pin: { file: a, offset: 0, pages: 1, access: write }
      - hold: { uniform: [6, 9] }
      - unpin
  q:
    start: 5
    periodMs: 10
    loop:
      - pin: { file: a, offset: 1p, pages: 1, access: write }
      - hold: { uniform: [6, 9] }
      - unpin
  t:
    start: { uniform: [20, 40] }
    loop:
      - punch-hole: { file: a, offset: 0, pages: 2 }
      - think: { exponential: 50 }
`,
};
