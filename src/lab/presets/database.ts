import type { Preset } from './preset.ts';

export const database: Preset = {
  title: 'A database that flushes often',
  source:
    'MAP_SYNC and CLWB: stores through a mapping that are flushed at once (Linux 4.15). ' +
    'The rates are assumptions.',
  text: `name: database
about: >-
  A database stores records through a mapping and flushes each at once. A card replicates hot pages
  with pins of a fifth of a millisecond. Checkpoints allocate, zero and give back parts of the file.
  Faults are what such a database must not wait for.
filesystem: { sizeBytes: 8Mi, files: { table: 1Mi } }
durationMs: 1500
actors:
  backend:
    count: 4
    mapping: { sync: true }
    loop:
      - store: { file: table, offset: { zipf: 0.9 }, length: 256 }
      - flush: { offset: { zipf: 0.9 }, length: 256 }
      - think: { exponential: 4 }
  replica:
    count: 2
    loop:
      - pin: { file: table, offset: { zipf: 0.9 }, pages: { uniform: [1, 4] }, access: read }
      - hold: { lognormal: { median: 0.2, p99: 3 } }
      - unpin
      - think: { exponential: 2 }
  checkpoint:
    loop:
      - punch-hole: { file: table, pages: 8 }
      - zero-range: { pages: 8 }
      - allocate: { pages: 8 }
      - think: { exponential: 30 }
`,
};
