import type { Preset } from './preset.ts';

export const throttledRead: Preset = {
  title: 'A punch during a slow direct read',
  source:
    'Measured on Linux 6.12 and 7.3, ext4 and XFS: a punch during a throttled direct ' +
    'read of 1 MiB waited 3.6 to 3.9 s. The 4 s of the read follow from its size and rate; when ' +
    'the punch comes, 0.1 to 0.4 s later, was chosen to match. So the wait under break-layouts ' +
    'is put in, and the other strategies are the answer.',
  text: `name: throttled-read
about: >-
  A direct read of 1 MiB from a device of 256 KiB a second has its 256 pages pinned for 4 s. 0.1 to
  0.4 s after it begins, another thread punches a hole of one page. On real Linux the punch waited
  3.6 to 3.9 s.
filesystem: { sizeBytes: 8Mi, files: { a: 1Mi } }
durationMs: 60000
actors:
  reader:
    start: 0
    periodMs: 10000
    loop:
      - pin: { file: a, offset: 0, length: 1Mi, access: write }
      - hold: 4000
      - unpin
  puncher:
    start: 0
    periodMs: 10000
    loop:
      - think: { uniform: [100, 400] }
      - punch-hole: { file: a, offset: 0, pages: 1 }
`,
};
