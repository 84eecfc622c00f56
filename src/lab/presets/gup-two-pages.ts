import type { Preset } from './preset.ts';

export const gupTwoPages: Preset = {
  title: 'The deadlock of the mail',
  source:
    'S01 of docs/scenarios.md, from the mail of October 2017: a driver takes two pages ' +
    'one after the other, and a punch comes between.',
  text: `name: gup-two-pages
about: >-
  Drivers take two pages, one after the other, and read the file before they release them, as a
  checksum does. Another thread punches both pages. Whoever waits for the pins with a lock held that
  the owner of a pin needs, waits for ever.
filesystem: { sizeBytes: 1Mi, files: { a: 4p } }
durationMs: 5000
actors:
  driver:
    count: 3
    loop:
      - pin: { file: a, pages: 2, access: write }
      - hold: { exponential: 1 }
      - { read: { length: 2p }, chance: 0.02 }
      - unpin
      - think: { exponential: 4 }
  puncher: { loop: [ { punch-hole: { file: a, pages: 2 } }, { think: { exponential: 20 } } ] }
`,
};
