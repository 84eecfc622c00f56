import type { Preset } from './preset.ts';

export const thumbnailer: Preset = {
  title: 'Many small files that come and go',
  source:
    'Eviction under a pin (S11, S12 of docs/scenarios.md): a file is deleted while a ' +
    'device still has its pages. The rates are assumptions.',
  text: `name: thumbnailer
about: >-
  Five workers make a small picture in a file of its own, hand its pages to a device and unmap it,
  while cleaners delete files and viewers read them. The last reference to a deleted file evicts it,
  although a device may still have its pages.
filesystem: { sizeBytes: 8Mi, files: { picture: { sizeBytes: 32Ki, count: 40, fill: absent } } }
durationMs: 6000
actors:
  worker:
    count: 5
    loop:
      - create: { file: picture }
      - write: { offset: 0, length: 32Ki }
      - pin: { pages: { uniform: [1, 8] }, access: read }
      - munmap
      - hold: { lognormal: { median: 3, p99: 60 } }
      - unpin
      - think: { exponential: 20 }
  cleaner: { count: 2, loop: [ { unlink: { file: picture } }, { think: { exponential: 10 } } ] }
  viewer:
    count: 2
    retryMs: 5
    loop:
      - read: { file: picture, length: 8Ki }
      - think: { exponential: 10 }
`,
};
