import type { Preset } from './preset.ts';

export const rdmaTarget: Preset = {
  title: 'Buffers registered for each request',
  source:
    'The case of the mail of October 2017: long-term references from RDMA. Linux refuses ' +
    'them on fs-dax (rule GP2); the preset allows them. The rates are assumptions.',
  text: `name: rdma-target
about: >-
  A storage target registers buffers in a file for each request: a network card pins 1 to 16 pages
  for 2 ms, and 1 % of the requests take more than 40 ms. Four times a second another thread
  truncates one of the files to nothing and fills it again. Two threads read. Linux refuses such
  pins; here every strategy has to live with them.
filesystem: { sizeBytes: 8Mi, longterm: allow, files: { db0: 512Ki, db1: 512Ki } }
durationMs: 8000
actors:
  nic:
    count: 8
    loop:
      - pin:
          file: [db0, db1]
          pages: { uniform: [1, 16] }
          access: write
          kind: rdma
          longterm: true
      - hold: { lognormal: { median: 2, p99: 40 } }
      - unpin
      - think: { exponential: 20 }
  recycler:
    loop:
      - truncate: { file: [db0, db1], to: 0 }
      - write: { offset: 0, length: 512Ki }
      - think: 250
  reader:
    count: 2
    loop:
      - read: { file: db0, length: 16Ki }
      - think: { exponential: 20 }
`,
};
