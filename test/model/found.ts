// Scripts that once broke a law, kept as regression tests.
import type { RandomCommand } from './commands.ts';
import type { Play } from './watch.ts';

interface Found {
  why: string;
  script: RandomCommand[];
  options: Play;
}

const page = 4096;
const by = { owner: 'G', nowait: false, timeoutMs: undefined, failOnDeadlock: false } as const;

/** The whole content of a pinned file is replaced while no other block is free. */
const replaceOnFullDevice: RandomCommand[] = [
  { do: 'allocate', file: 1, offset: 0, length: 15 * page, keepSize: true, by },
  { do: 'pin', mapping: 0, at: 0, pages: 3, write: true, holdMs: undefined, longterm: false, by },
  { do: 'replace', file: 0, length: page, by },
  { do: 'unpin', pin: 0 },
];

/** ext4 zeroes a pinned range while no block is free to replace the pinned ones. */
const zeroPinnedOnFullDevice: RandomCommand[] = [
  { do: 'allocate', file: 1, offset: 0, length: 15 * page, keepSize: true, by },
  { do: 'pin', mapping: 0, at: 0, pages: 3, write: true, holdMs: undefined, longterm: false, by },
  { do: 'zero-range', file: 0, offset: 0, length: 3 * page, keepSize: false, by },
  { do: 'unpin', pin: 0 },
];

const under = (
  names: readonly string[],
  kind: 'xfs' | 'ext4',
  why: string,
  script: RandomCommand[],
): Found[] =>
  names.map((name) => ({
    why: `${why} (${name})`,
    script,
    options: { kind, strategy: { name } },
  }));

export const found: Found[] = [
  ...under(
    ['busy-extents', 'detach-and-wait', 'break-layouts'],
    'xfs',
    'law 3: blocks of a write that replaced the content and found no space were left to nobody',
    replaceOnFullDevice,
  ),
  ...under(
    ['busy-extents', 'detach-and-wait'],
    'ext4',
    'law 9: a zero-range without blocks to replace pinned ones zeroes nothing',
    zeroPinnedOnFullDevice,
  ),
];
