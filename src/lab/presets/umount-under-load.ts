import type { Preset } from './preset.ts';

export const umountUnderLoad: Preset = {
  title: 'When can the filesystem be unmounted?',
  source:
    'Strategy A in the discussion of 2017: umount has to wait until the busy list is ' +
    'empty. The rates are assumptions.',
  text: `name: umount-under-load
about: >-
  Each of six workers does a piece of work on a file of its own, deletes what it can, and ends. An
  administrator tries to unmount every 50 ms. Space that is held back after the workers have gone
  keeps the filesystem busy, and nobody can see why. The run ends with the unmount.
filesystem: { sizeBytes: 8Mi, files: { work: { sizeBytes: 64Ki, count: 6 } } }
durationMs: 20000
actors:
  worker:
    count: 6
    times: 20
    loop:
      - pin: { file: work, pages: { uniform: [1, 4] }, access: write }
      - hold: { lognormal: { median: 10, p99: 400 } }
      - unpin
      - truncate: { to: 0 }
      - write: { offset: 0, length: 64Ki }
      - think: { exponential: 20 }
  admin: { loop: [ umount, { think: 50 } ] }
`,
};
