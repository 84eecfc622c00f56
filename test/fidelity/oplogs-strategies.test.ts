// The recorded logs under every strategy, with short random pins. Whatever a strategy does about
// the pins, the file must end as on Linux without pins. Sizes, errnos and extents are compared on
// every line, the content from time to time and at the end.
import { describe, expect, test } from 'vitest';
import { some } from '../dose.ts';
import { extentsOf, pattern } from '../kernel/ops/replay.ts';
import { bytesOf, type Machine, machine, okOf, page, type Ran, wordOf } from '../machine.ts';
import { contentHash } from './content-hash.ts';
import {
  type Asked,
  errnoNumbers,
  type Recorded,
  type Recording,
  recordings,
} from './recordings.ts';

/**
 * The last field is what shows that pins were in the way: who waited, what was kept back, what was
 * refused or warned of.
 */
const strategies = [
  ['break-layouts', 'slept'],
  ['wait-for-refs', 'slept'],
  ['detach-and-wait', 'kept'],
  ['busy-extents', 'kept'],
  ['refuse', 'refused'],
  ['none', 'warned'],
] as const;
const lists = recordings();
const fileBytesMax = 0x40000;
const hashEvery = 100;

/** Numbers below `n` from a seed (mulberry32). */
function chance(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}

/**
 * A file `a` with a mapping, and devices that pin pages of it. Pins that nobody times are released
 * in the order of `held`.
 */
function world({ kind, kernel, seed }: Recording, strategy: string) {
  const except = strategy === 'none' ? ['law 1' as const] : [];
  const m = machine({ kind, kernel, strategy, blocks: 1024, checkEvery: 50, except });
  m.create('a');
  const mapping = m.map('a', 1024);
  const below = chance(seed);
  const held: { pin: number; untilLine: number }[] = [];
  const figures = { pins: 0, slept: 0, kept: 0, refused: 0, warned: 0 };

  const release = (until: number): void => {
    while (held[0] !== undefined && held[0].untilLine <= until) m.unpin(held.shift()?.pin ?? 0);
  };
  /** A device reads: it faults in what is there and allocates nothing. */
  const pinSome = (line: number): void => {
    if (below(3) > 0) return;
    const timed = below(2) === 0;
    const at = below(Math.ceil(Math.max(1, m.file('a').sizeBytes) / page)) * page;
    const more = { access: 'read', ...(timed ? { holdMs: 1 + below(4) } : {}) };
    const ran = m.pin(mapping, at, (1 + below(4)) * page, { owner: `device ${line}` }, more);
    if (wordOf(ran) !== 'done') return; // Beyond the end of the file.
    figures.pins += 1;
    if (timed) return;
    held.push({ pin: Number(String(okOf(ran).id).slice(4)), untilLine: line + 1 + below(4) });
    held.sort((a, b) => a.untilLine - b.untilLine);
  };
  /** Devices go on, one pin or one millisecond at a time, until the call is through. */
  const through = (call: () => Ran): Ran => {
    const ran = call();
    if (ran.outcome === undefined) figures.slept += 1;
    figures.kept += m.k.busy.pages + m.k.detached.pages > 0 ? 1 : 0;
    for (let ticks = 0; m.outcome(ran.task) === undefined; ticks++) {
      if (ticks > 20) throw new Error(`op_${ran.task} sleeps on although every pin is gone`);
      m.advance(1);
      release(held[0]?.untilLine ?? 0);
    }
    const outcome = m.outcome(ran.task);
    if (outcome?.ok !== false || outcome.failure.errno !== 'EBUSY') return { ...ran, outcome };
    figures.refused += 1;
    m.advance(10);
    release(Number.MAX_SAFE_INTEGER);
    return through(call);
  };
  return { m, mapping, figures, release, pinSome, through };
}

type World = ReturnType<typeof world>;

function run(
  { m, mapping, through }: World,
  { name, offset, length, keepSize, line }: Asked,
): Ran | null {
  const bytes = () => pattern(line, offset, length);
  const calls: Record<string, (machine: Machine) => Ran> = {
    write: () => m.write('a', bytes(), offset),
    read: () => m.read('a', offset, length),
    truncate: () => m.truncate('a', length),
    punch_hole: () => m.punch('a', offset, length),
    zero_range: () => m.zero('a', offset, length, keepSize),
    collapse_range: () => m.collapse('a', offset, length),
    insert_range: () => m.insert('a', offset, length),
    fallocate: () => m.allocate('a', offset, length, keepSize),
    mapwrite: () => m.store(mapping, offset, bytes()),
    mapread: (): Ran =>
      m.load(
        mapping,
        offset,
        Math.min(length, Math.ceil(m.file('a').sizeBytes / page) * page - offset),
      ),
  };
  const { sizeBytes } = m.file('a');
  if (name === 'mapwrite' && offset + length > sizeBytes)
    through(() => m.truncate('a', offset + length));
  const nothing =
    name === 'mapwrite'
      ? length === 0
      : name === 'mapread' && (length === 0 || offset >= sizeBytes);
  const call = calls[name];
  if (call === undefined) throw new Error(`line ${line}: ${name}?`);
  return nothing ? null : through(() => call(m));
}

function replayed(recording: Recording, strategy: string) {
  const w = world(recording, strategy);
  const { m, figures } = w;
  const hashOf = contentHash();
  const differing: object[] = [];
  const last = recording.asked.length;
  for (const one of recording.asked) {
    w.pinSome(one.line);
    const ran = run(w, one);
    const { outcome } = ran ?? {};
    const errno = outcome?.ok === false ? (errnoNumbers[outcome.failure.errno] ?? -1) : 0;
    const { sizeBytes } = m.file('a');
    const real = recording.linux[one.line - 1] as Recorded;
    const ours = { errno, sizeBytes, extents: extentsOf(m.file('a')) };
    const same =
      ours.errno === real.errno &&
      ours.sizeBytes === real.sizeBytes &&
      ours.extents === real.extents;
    const looks = one.line % hashEvery === 0 || one.line === last;
    const hash = looks ? hashOf(bytesOf(w.through(() => m.read('a', 0, fileBytesMax)))) : real.hash;
    if ((!same || hash !== real.hash) && differing.length < 3)
      differing.push({ one, ours: { ...ours, hash }, real });
    w.release(one.line);
    m.advance(1);
  }
  w.release(Number.MAX_SAFE_INTEGER);
  m.advance(10);
  figures.warned = m.seen('warning.raised').length;
  return { m, figures, differing };
}

describe.each(strategies)('BR4 %s', (strategy, sign) => {
  test.each(some(lists, 4))(
    `BR4 ${strategy}: $kind, seed $seed, on $kernel, with pins`,
    (recording) => {
      const { m, figures, differing } = replayed(recording, strategy);
      expect(differing).toEqual([]);
      expect(figures.pins).toBeGreaterThan(200);
      expect(figures[sign]).toBeGreaterThan(10);
      if (sign !== 'warned') expect(figures.warned).toBe(0);
      // Every pin is gone, so nothing is kept back and nobody sleeps.
      const { pinnedPages, pins, sleepers } = m.k.counts;
      expect({
        pinnedPages,
        pins,
        sleepers,
        busy: m.k.busy.pages,
        detached: m.k.detached.pages,
      }).toEqual({
        pinnedPages: 0,
        pins: 0,
        sleepers: 0,
        busy: 0,
        detached: 0,
      });
    },
  );
});
