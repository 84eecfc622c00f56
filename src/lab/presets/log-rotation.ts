import type { Preset } from './preset.ts';

export const logRotation: Preset = {
  title: 'copytruncate under a reader',
  source:
    'logrotate with copytruncate: the file is copied and then truncated in place while ' +
    'others have it open. The rates are assumptions.',
  text: `name: log-rotation
about: >-
  Services append to a log, a shipper sends its last pages from a mapping, and every two seconds the
  log is copied and truncated to nothing. What the services wait for is the price of the rotation.
filesystem: { sizeBytes: 8Mi, files: { log: { sizeBytes: 1Mi, fill: hole } } }
durationMs: 20000
actors:
  service:
    count: 4
    loop:
      - write: { file: log, offset: sequential, length: 4Ki }
      - think: { exponential: 40 }
  shipper:
    loop:
      - pin: { file: log, pages: { uniform: [1, 4] }, access: read }
      - hold: { lognormal: { median: 5, p99: 200 } }
      - unpin
      - think: { exponential: 20 }
  logrotate:
    periodMs: 2000
    loop:
      - read: { file: log, offset: 0, length: 256Ki }
      - truncate: { to: 0 }
      - truncate: { to: 1Mi }
`,
};
