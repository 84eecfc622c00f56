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

export const found: Found[] = ['busy-extents', 'detach-and-wait', 'break-layouts'].map((name) => ({
  why: `law 3: blocks of a write that replaced the content and found no space were left to nobody (${name})`,
  script: replaceOnFullDevice,
  options: { kind: 'xfs', strategy: { name } },
}));
