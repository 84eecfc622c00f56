// Linux 6.12 and files without a mapping: dax_layout_busy_page_range() returns NULL if
// mapping_mapped() is false, so the scan finds no pin and blocks are freed under it. Since 6.15 it
// waits. Measured on 6.12.111 and 7.3.4, ext4 and XFS.
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  fillUp,
  idOf,
  letters,
  type Machine,
  machine,
  okOf,
  page,
  type Ran,
  shown,
  wordOf,
} from '../machine.ts';
import { blockOf, space } from '../scenarios/story.ts';

const T = { owner: 'T' };
const blocks = 62;
const boxes = (['xfs', 'ext4'] as const).flatMap((kind) =>
  (['6.12', '7.3'] as const).map((kernel) => ({ kind, kernel })),
);

/** A file `a` of 8 pages. Page 0 is pinned through map_1, and page 5 if requested. */
function pinned(
  kind: 'xfs' | 'ext4',
  kernel: '6.12' | '7.3',
  more: { two?: true; strategy?: string } = {},
) {
  const { two, strategy } = more;
  const m = machine({
    kind,
    kernel,
    blocks: 64,
    forgiving: true,
    ...(strategy === undefined ? {} : { strategy }),
  });
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  m.map('a', 8);
  const pfn = blockOf(m, 'a', 0);
  const pin = m.pinned(1, 0, page, { owner: 'P' });
  const other = two === true ? m.pinned(1, 5 * page, page, { owner: 'Q' }) : 0;
  return { m, pin, other, pfn };
}

const changes: { what: string; run(m: Machine): Ran }[] = [
  { what: 'truncate to 0', run: (m) => m.truncate('a', 0, T) },
  { what: 'truncate up', run: (m) => m.truncate('a', 10 * page, T) },
  { what: 'punch over it', run: (m) => m.punch('a', 0, page, T) },
  { what: 'punch elsewhere', run: (m) => m.punch('a', 6 * page, page, T) },
  { what: 'zero over it', run: (m) => m.zero('a', 0, 2 * page, false, T) },
  { what: 'collapse of it', run: (m) => m.collapse('a', 0, page, T) },
  { what: 'insert before it', run: (m) => m.insert('a', 0, page, T) },
  { what: 'write of the whole', run: (m) => m.write('a', letters('w'), undefined, T) },
];

describe.each(boxes)(
  'LC6 $kind $kernel: a pin in a file that nobody has mapped',
  ({ kind, kernel }) => {
    const old = kernel === '6.12';

    test.each(changes)(`$what: ${old ? 'at once' : 'waits'}`, ({ run }) => {
      const { m } = pinned(kind, kernel);
      m.munmap(1);
      expect(wordOf(run(m))).toBe(old ? 'done' : 'asleep');
      if (!old) expect(space(m)).toMatchObject({ used: 8, free: blocks - 8 });
    });

    test.each(changes)(
      '$what: waits while any other mapping is there, a private one of one page too',
      ({ run }) => {
        const { m, pin } = pinned(kind, kernel);
        idOf(
          m.call(
            'mmap',
            { file: 'a' },
            { offset: 7 * page, length: page, access: 'read', shared: false },
          ),
        );
        m.munmap(1);
        const { task } = run(m);
        expect(m.opState(task)).toMatch(/^S page/);
        m.unpin(pin);
        expect(m.opState(task)).toBe('done');
      },
    );

    test('two pins, asleep on page 0, munmap, unpin of page 0: it ends though page 5 is pinned', () => {
      const { m, pin, other } = pinned(kind, kernel, { two: true });
      const { task } = m.truncate('a', 0, T);
      m.munmap(1);
      expect(m.opState(task)).toMatch(/^S page/);
      m.unpin(pin);
      expect(m.opState(task)).toBe(old ? 'done' : `S page ${blockOf(m, 'a', old ? 0 : 5)}`);
      m.unpin(other);
      expect(m.opState(task)).toBe('done');
    });
  },
);

describe.each(['xfs', 'ext4'] as const)('LC6 %s 6.12: freed under the pin', (kind) => {
  test('a warning names the frame, and the next owner of it is read through the old pin', () => {
    const { m, pin, pfn } = pinned(kind, '6.12');
    m.munmap(1);
    expect(okOf(m.truncate('a', 0, T))).toMatchObject({ blocksFreed: 8, wakeups: 0 });
    expect(space(m)).toEqual({ used: 0, free: blocks, busy: 0, detached: 0 });
    expect(m.seen('warning.raised').map(({ data }) => data.pfn)).toEqual([pfn]);
    okOf(fillUp(m));
    expect(shown(bytesOf(m.dmaRead(pin)))).toBe('z');
  });

  test('a warning is also raised for a block that moves or is zeroed in place', () => {
    for (const run of [
      (m: Machine) => m.insert('a', 0, page),
      (m: Machine) => m.zero('a', 0, page),
    ]) {
      const { m, pfn } = pinned(kind, '6.12');
      m.munmap(1);
      okOf(run(m));
      expect(m.seen('warning.raised').map(({ data }) => data.pfn)).toEqual([pfn]);
    }
  });

  test.each(['wait-for-refs', 'busy-extents', 'detach-and-wait', 'refuse'])(
    '%s scans by itself, and finds the pin',
    (strategy) => {
      const { m } = pinned(kind, '6.12', { strategy });
      m.munmap(1);
      m.truncate('a', 0, T);
      expect(m.seen('warning.raised')).toEqual([]);
      expect(space(m).free).toBe(
        strategy === 'busy-extents' || strategy === 'detach-and-wait'
          ? blocks - (strategy === 'busy-extents' ? 1 : 8)
          : blocks - 8,
      );
    },
  );
});

test('LC6 exchange-range on XFS 6.12 looks at neither file without a mapping', () => {
  const { m } = pinned('xfs', '6.12');
  m.create('b');
  m.write('b', letters('bbbb'), 0);
  m.munmap(1);
  expect(wordOf(m.exchange('a', 'b', { length: page }, T))).toBe('done');
  expect(m.seen('warning.raised')).toHaveLength(1);
});
