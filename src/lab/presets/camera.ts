import type { Preset } from './preset.ts';

export const camera: Preset = {
  title: 'A camera writes into a shared mapping',
  source:
    'v4l2 buffers in a mapping of a file: one of the users that Linux refuses on fs-dax ' +
    'since 4.15. 30 frames a second; the size of a frame is made small.',
  text: `name: camera
about: >-
  A camera has four buffers of 32 pages pinned in a shared mapping. Each is pinned for four frames
  of a 30th of a second and given back for a millisecond, in turn, so that three of the four are
  pinned at any time. A viewer touches the frames. An administrator shortens the file once a second
  and restores its size.
filesystem: { sizeBytes: 8Mi, longterm: allow, files: { frames: 512Ki } }
durationMs: 20000
actors:
  buffer0:
    start: 0
    periodMs: 133.333
    loop:
      - pin: { file: frames, offset: 0, pages: 32, access: write, kind: v4l2, longterm: true }
      - hold: { time: 132, transfers: 4 }
      - unpin
  buffer1:
    start: 33.333
    periodMs: 133.333
    loop:
      - pin: { file: frames, offset: 32p, pages: 32, access: write, kind: v4l2, longterm: true }
      - hold: { time: 132, transfers: 4 }
      - unpin
  buffer2:
    start: 66.667
    periodMs: 133.333
    loop:
      - pin: { file: frames, offset: 64p, pages: 32, access: write, kind: v4l2, longterm: true }
      - hold: { time: 132, transfers: 4 }
      - unpin
  buffer3:
    start: 100
    periodMs: 133.333
    loop:
      - pin: { file: frames, offset: 96p, pages: 32, access: write, kind: v4l2, longterm: true }
      - hold: { time: 132, transfers: 4 }
      - unpin
  viewer:
    loop:
      - fault: { file: frames, offset: uniform, pages: 4, access: read }
      - think: 16
  admin:
    loop:
      - think: 1000
      - truncate: { file: frames, to: 256Ki }
      - truncate: { to: 512Ki }
`,
};
