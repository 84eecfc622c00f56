import type { Preset } from './preset.ts';

export const walRecycling: Preset = {
  title: 'A log is punched behind its tail',
  source:
    'Databases that keep their write-ahead log in one file and give back the old part ' +
    'with fallocate(PUNCH_HOLE). The rates are assumptions.',
  text: `name: wal-recycling
about: >-
  A database writes its log in records of 16 KiB through a mapping, and a card sends each part of
  it to a replica from the pages where it is. Behind the tail, holes are punched. The pins are on
  other pages than the punch, so only a strategy that looks at the whole file waits for them.
filesystem: { sizeBytes: 8Mi, files: { wal: 2Mi } }
durationMs: 8000
actors:
  writer:
    loop:
      - write: { file: wal, offset: sequential, length: 16Ki }
      - think: { exponential: 8 }
  sender:
    count: 2
    loop:
      - pin: { file: wal, offset: { uniform: [1Mi, 2031616] }, pages: 8, access: read }
      - hold: { lognormal: { median: 3, p99: 80 } }
      - unpin
      - think: { exponential: 6 }
  recycler:
    loop:
      - punch-hole: { file: wal, offset: { uniform: [0, 768Ki] }, pages: 64 }
      - think: { exponential: 60 }
`,
};
