import type { Preset } from './preset.ts';

export const backup: Preset = {
  title: 'Readers behind a waiting truncate',
  source:
    'The victims of the wait: a read queues for i_rwsem behind the truncate (S08 of ' +
    'docs/scenarios.md). The rates are assumptions.',
  text: `name: backup
about: >-
  Eight threads of a backup read a file while one slow device holds a few of its pages and an
  application truncates and rewrites it. The truncate is one; those who wait behind it are eight.
filesystem: { sizeBytes: 8Mi, files: { data: 512Ki } }
durationMs: 20000
actors:
  backup:
    count: 8
    loop:
      - read: { file: data, length: 32Ki }
      - think: { exponential: 50 }
  device:
    loop:
      - pin: { file: data, pages: { uniform: [1, 8] }, access: read }
      - hold: { lognormal: { median: 20, p99: 500 } }
      - unpin
      - think: { exponential: 100 }
  application:
    loop:
      - truncate: { file: data, to: 0 }
      - write: { offset: 0, length: 512Ki }
      - think: { exponential: 400 }
`,
};
