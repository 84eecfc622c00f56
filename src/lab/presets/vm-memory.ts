import type { Preset } from './preset.ts';

export const vmMemory: Preset = {
  title: 'A host takes ranges back from a guest',
  source:
    'virtiofs: the host takes back windows of the shared cache and breaks the layout of ' +
    'that range only (dax_layout_busy_page_range, fs/fuse/dax.c). The windows are made ' +
    'small.',
  text: `name: vm-memory
about: >-
  A guest maps a file of the host and does direct I/O into windows of it. The host takes back one
  window of 16 pages after the other. Under the strategy "break-layouts range" it waits only for
  pins in the window that it takes; with the scope of ext4 and XFS for those in the whole file.
filesystem: { sizeBytes: 8Mi, files: { cache: 1Mi } }
durationMs: 6000
actors:
  guest:
    count: 6
    loop:
      - pin: { file: cache, offset: { zipf: 0.8 }, pages: 4, access: write }
      - hold: { exponential: 4 }
      - unpin
      - think: { exponential: 12 }
  vcpu:
    count: 2
    loop:
      - fault: { file: cache, pages: 2, access: write }
      - think: { exponential: 10 }
  host:
    loop:
      - punch-hole: { file: cache, offset: sequential, pages: 16 }
      - think: { exponential: 40 }
`,
};
