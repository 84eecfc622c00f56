import type { Preset } from './preset.ts';

export const directIo: Preset = {
  title: 'Short pins, the common case',
  source:
    'Direct I/O whose buffer is a mapping of a DAX file: the short-term pins for which ' +
    'break-layouts was made in Linux 4.18. The times of a fast disk are assumptions.',
  text: `name: direct-io
about: >-
  Four threads read from a disk into mapped pages with O_DIRECT. Each transfer pins up to 8 pages
  for a tenth of a millisecond, as a fast disk needs. A fifth thread punches holes into the file.
  Every wait is short, so this is what a strategy costs when nothing is wrong.
filesystem: { sizeBytes: 8Mi, files: { pool: 1Mi } }
durationMs: 2000
actors:
  disk:
    count: 4
    loop:
      - pin: { file: pool, pages: { uniform: [1, 8] }, access: write, kind: direct-io }
      - hold: { lognormal: { median: 0.1, p99: 1 } }
      - unpin
      - think: { exponential: 3 }
  trimmer:
    loop:
      - punch-hole: { file: pool, pages: 16 }
      - think: { exponential: 20 }
`,
};
