// npm run oracle: random schedules on real Linux and in Pinhole. Every state in which Linux rests
// must be one that Pinhole says is possible. A schedule that differs is played three times more,
// shortened and printed. The last line counts schedules.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program } from 'commander';
import type { LinuxVersion } from '../../src/kernel/state.ts';
import { type Box, Guest, GuestLost } from './guest.ts';
import { type Difference, type Played, played } from './play.ts';
import { places, Reached } from './reached.ts';
import { Recorder } from './recording.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { shrunk } from './shrink.ts';

const root = join(import.meta.dirname, '../..');
const boxes = ['xfs-7.3', 'ext4-7.3', 'xfs-6.12', 'ext4-6.12'];
program
  .name('oracle')
  .option('--schedules <n>', 'on each box', '20')
  .option('--first <seed>', 'the seed of the first', '1')
  .option('--box <names>', `some of ${boxes.join(', ')}`, boxes.join())
  .option('--packages <folder>', 'where kernels are unpacked', join(root, '.cache/oracle'))
  .option('--record <folder>', 'write what Linux answered')
  .option('--stop', 'end at the first difference, and do not shorten it')
  .option('--verbose', 'print each line and answer');
const given = program.parse().opts<{
  schedules: string;
  first: string;
  box: string;
  packages: string;
  record?: string;
  stop?: true;
  verbose?: true;
}>();

const guestFolder = join(import.meta.dirname, 'guest');
const script = (name: string, ...args: string[]): string =>
  execFileSync('bash', [join(guestFolder, name), ...args], { encoding: 'utf8' });

/** The releases by series; null if the packages cannot be had. */
function kernels(): Map<string, string> | null {
  try {
    const lines = script('packages.sh', given.packages).trim().split('\n');
    return new Map(lines.map((line) => line.split(' ') as [string, string]));
  } catch (error) {
    console.log(`the oracle needs QEMU and kernels from Debian's packages: ${error}`);
    return null;
  }
}

const boxOf = (name: string): Box => {
  const [kind, kernel] = name.split('-');
  return { kind: kind as Box['kind'], kernel: kernel as LinuxVersion };
};

interface Counts {
  agree: number;
  differ: number;
  unstable: number;
  givenUp: number;
  steps: number;
  choices: number;
}

class Run {
  readonly #box: Box;
  readonly #release: string;
  #guest: Guest | null = null;
  readonly counts: Counts = { agree: 0, differ: 0, unstable: 0, givenUp: 0, steps: 0, choices: 0 };
  readonly reached = new Reached();

  constructor(box: Box, release: string) {
    this.#box = box;
    this.#release = release;
  }

  /** A guest that does not answer any more is replaced. */
  async #play(schedule: Schedule): Promise<Played & { recorder: Recorder }> {
    for (let tries = 0; ; tries++) {
      this.#guest ??= await Guest.boot(given.packages, this.#box);
      const recorder = new Recorder(this.#guest);
      try {
        return { ...(await played(recorder, schedule)), recorder };
      } catch (error) {
        if (!(error instanceof GuestLost) || tries === 1) throw error;
        console.log(`seed ${schedule.seed}: ${error.message}`);
        await this.end();
      }
    }
  }

  async seed(seed: number): Promise<void> {
    const schedule = scheduleOf(seed, this.#box);
    const result = await this.#play(schedule);
    const { ending, steps, choices, trace, reached, recorder } = result;
    this.counts.steps += steps;
    this.counts.choices += choices;
    this.reached.add(reached);
    if (given.verbose) console.log([...schedule.files, ...trace].join('\n'));
    if (ending.how === 'agrees') {
      this.counts.agree += 1;
      if (given.record !== undefined) this.#record(recorder, schedule);
    } else if (ending.how === 'given up') {
      this.counts.givenUp += 1;
      console.log(`seed ${seed}: given up: ${ending.why}`);
      if (ending.isStuck) await this.end();
    } else await this.#differs(schedule, ending.difference);
  }

  #record(recorder: Recorder, schedule: Schedule): void {
    const { kind, kernel } = this.#box;
    mkdirSync(given.record as string, { recursive: true });
    const name = `${kind}-${kernel}-${schedule.seed}.jsonl`;
    recorder.write(join(given.record as string, name), schedule, this.#release);
  }

  async #differs(schedule: Schedule, first: Difference): Promise<void> {
    if (given.stop) {
      this.counts.differ += 1;
      return this.#tell(schedule, first);
    }
    let again = 0;
    for (let times = 0; times < 3; times++)
      if ((await this.#play(schedule)).ending.how === 'differs') again += 1;
    if (again === 0) {
      this.counts.unstable += 1;
      console.log(`seed ${schedule.seed}: unstable, 1 of 4 runs`);
      return this.#tell(schedule, first);
    }
    this.counts.differ += 1;
    console.log(`seed ${schedule.seed}: differs in ${again + 1} of 4 runs`);
    let last = first;
    const shorter = await shrunk(schedule, async (one) => {
      const { ending } = await this.#play(one);
      if (ending.how === 'differs') last = ending.difference;
      return ending.how === 'differs';
    });
    this.#tell(shorter, last);
  }

  #tell({ box, files, lines }: Schedule, { line, linux, contents, pinhole }: Difference): void {
    console.log(`  ${box.kind} of ${this.#release}`);
    for (const one of [...files, ...lines]) console.log(`  ${one}`);
    console.log(`  at: ${line}`);
    console.log(`  Linux: ${JSON.stringify(linux)}`);
    if (contents !== null) console.log(`         ${JSON.stringify(contents)}`);
    for (const state of pinhole) console.log(`  Pinhole: ${state.join('; ')}`);
  }

  async end(): Promise<void> {
    await this.#guest?.end();
    this.#guest = null;
  }
}

const releases = kernels();
if (releases === null) {
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit();
}
let passed = 0;
let failed = 0;
let skipped = 0;
const reached = new Reached();
for (const series of new Set(given.box.split(',').map((name) => boxOf(name).kernel)))
  script('image.sh', given.packages, series);
for (const name of given.box.split(',')) {
  const box = boxOf(name);
  const release = releases.get(box.kernel) as string;
  const run = new Run(box, release);
  const begun = Date.now();
  try {
    for (let at = 0; at < Number(given.schedules); at++) {
      await run.seed(Number(given.first) + at);
      if (given.stop && run.counts.differ > 0) break;
    }
  } finally {
    await run.end();
  }
  const { agree, differ, unstable, givenUp, steps, choices } = run.counts;
  console.log(
    `${box.kind} of ${release}: ${agree} agree, ${differ} differ, ${unstable} unstable, ` +
      `${givenUp} given up; ${steps} steps, ${choices} with several possible states; ` +
      `${Math.round((Date.now() - begun) / 1000)} s`,
  );
  passed += agree;
  failed += differ;
  skipped += unstable + givenUp;
  reached.add(run.reached);
}
for (const place of places) console.log(`${String(reached.counts[place]).padStart(6)} ${place}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
