// A finding is a bundle: it opens as a stepped filesystem at the moment before, and the next steps
// of its tasks, or its next command, do what the run found.
import { describe, expect, test } from 'vitest';
import { writeBundle } from '../../src/bundle/export.ts';
import { type BundleBounds, verifyBundle } from '../../src/bundle/read.ts';
import { defaultConfig } from '../../src/config.ts';
import { kernelLimits } from '../../src/engine/engine.ts';
import type { KernelEvent } from '../../src/kernel/events.ts';
import { apply } from '../../src/kernel/kernel.ts';
import type { Command, Kernel } from '../../src/kernel/state.ts';
import { machineLimits } from '../../src/lab/bounds.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import type { Finding, FindingKind } from '../../src/lab/findings.ts';
import { presets } from '../../src/lab/presets/index.ts';
import { recordingOf } from '../../src/lab/recording.ts';
import { runOne } from '../../src/lab/run.ts';
import { choiceOf } from '../../src/lab/strategies.ts';

const config = defaultConfig();
const bounds: BundleBounds = {
  bytesMax: 2 ** 24,
  entriesMax: 10_000,
  deviceBytesMax: config.deviceBytesMax,
  limits: kernelLimits(config),
};

const foreign = `name: foreign
filesystem: { sizeBytes: 128Ki, files: { a: 16Ki, b: { sizeBytes: 16Ki, fill: hole } } }
durationMs: 2000
actors:
  device: { loop: [ { pin: { file: a, pages: 2, access: write } }, { hold: { exponential: 5 } }, unpin, { think: 1 } ] }
  puncher: { loop: [ { punch-hole: { file: a, pages: 4 } }, { write: { file: b, offset: uniform, length: 4Ki } }, { punch-hole: { file: b, pages: 2 } }, { think: { exponential: 2 } } ] }
`;
const textOf = (name: string): string => presets.get(name)?.text ?? '';

const cases: [kind: FindingKind, text: string, strategy: string][] = [
  ['deadlock', textOf('gup-two-pages'), 'break-layouts fixed'],
  ['deadlock', textOf('gup-two-pages'), 'wait-for-refs'],
  ['hang', textOf('direct-io'), 'break-layouts modern'],
  ['starvation', textOf('leapfrog'), 'break-layouts fixed'],
  ['foreign write', foreign, 'none'],
];

function found(text: string, strategy: string, kind: FindingKind) {
  const { workload } = parseWorkload(text);
  for (let seed = 1; seed <= 8; seed++) {
    const run = { seed, strategy: choiceOf(strategy, workload) };
    const finding = runOne(workload, run).findings.find((one) => one.kind === kind);
    if (finding !== undefined) return { workload, run, finding };
  }
  throw new Error(`no ${kind} under ${strategy}`);
}

/** Gives the command that is left, then steps whoever can, and returns all events. */
function goOn(k: Kernel, next: Command | null): KernelEvent[] {
  const events: KernelEvent[] = [];
  const enter = (command: Command): void => {
    events.push(...apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command }).events);
  };
  if (next !== null) enter(next);
  for (let steps = 0; steps < 200 && k.runnable.length + k.workqueue.length > 0; steps++)
    enter({ op: 'scheduler-step', on: {}, args: {} });
  return events;
}

const happens: Record<FindingKind, (events: readonly KernelEvent[], finding: Finding) => boolean> =
  {
    deadlock: (events) => events.some(({ type }) => type === 'deadlock.detected'),
    hang: (events) => events.some(({ type }) => type === 'page.not_idle'),
    starvation: (events) =>
      events.some((event) => event.type === 'task.blocked' && event.data.on === 'page'),
    'foreign write': (events) =>
      events.some((event) => event.type === 'dma.written' && (event.data.foreign ?? 0) > 0),
  };

describe.each(cases)('%s (%#)', (kind, text, strategy) => {
  test(`under ${strategy}: the bundle opens, stands before it, and leads to it`, async () => {
    const { workload, run, finding } = found(text, strategy, kind);
    const { kernel, entries, next } = recordingOf(workload, run, finding);
    expect(entries.length).toBeGreaterThan(0);
    const note = `${workload.name}, seed ${run.seed}, ${strategy}: ${kind}`;
    const bundle = await writeBundle(kernel, entries, {
      contents: 'omitted',
      note,
      bytesMax: 2 ** 24,
    });
    const before: KernelEvent[] = [];
    const opened = await verifyBundle(
      bundle,
      bounds,
      (_entry, { events }) => void before.push(...events),
    );
    expect(opened.kernel.geometry).toMatchObject({ scheduler: 'stepped', clock: 'manual' });
    expect(opened.kernel.nowMs).toBe(Math.floor(finding.atMs));
    // A hang may be seen more than once in a run; the finding is the last time.
    if (kind === 'deadlock' || kind === 'foreign write')
      expect(happens[kind](before, finding)).toBe(false);
    expect(happens[kind](goOn(opened.kernel, next), finding)).toBe(true);
  });

  test(`under ${strategy}: two recordings have the same bytes`, async () => {
    const { workload, run, finding } = found(text, strategy, kind);
    const [one, two] = await Promise.all(
      [1, 2].map(() => {
        const { kernel, entries } = recordingOf(workload, run, finding);
        return writeBundle(kernel, entries, { contents: 'kept', note: '', bytesMax: 2 ** 24 });
      }),
    );
    expect(one?.equals(two as Buffer)).toBe(true);
  });
});

test('a server opens what the lab records: its limits are not below those of the lab', () => {
  for (const [name, limit] of Object.entries(machineLimits))
    expect({ name, opens: limit <= bounds.limits[name as keyof typeof machineLimits] }).toEqual({
      name,
      opens: true,
    });
});

test('an entry that the run does not have', () => {
  const { workload, run } = found(foreign, 'none', 'foreign write');
  expect(() => recordingOf(workload, run, { entry: 1e9 })).toThrow(
    'the run has no entry 1000000000',
  );
});
