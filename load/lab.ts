// The speed of the lab: commands a second on one core with laws sampled, and the time of all
// presets under the six strategies with 32 seeds: `npm run build && npx tsx load/lab.ts`. It runs
// the built files, because a loader in between makes them slower.

import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import type * as documents from '../src/lab/document.ts';
import type * as labs from '../src/lab/lab.ts';
import type * as pools from '../src/lab/pool.ts';
import type * as presetFiles from '../src/lab/presets/index.ts';
import type * as runs from '../src/lab/run.ts';
import type * as strategyFile from '../src/lab/strategies.ts';

const built = async <T>(file: string): Promise<T> =>
  (await import(new URL(`../dist/lab/${file}`, import.meta.url).href)) as T;
const { parseWorkload } = await built<typeof documents>('document.js');
const { runOne } = await built<typeof runs>('run.js');
const { runLab } = await built<typeof labs>('lab.js');
const { LabPool } = await built<typeof pools>('pool.js');
const { presets } = await built<typeof presetFiles>('presets/index.js');
const { choiceOf, sixStrategies } = await built<typeof strategyFile>('strategies.js');

const seeds = Number(process.argv[2] ?? 32);
const commandsGoal = 150_000;
const secondsGoal = 120;

/** CPU time, because other programs may use the core too. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function onOneCore(name: string): { commands: number; ms: number } {
  const { workload } = parseWorkload(presets.get(name)?.text ?? '');
  const once = (seed: number): number => {
    let commands = 0;
    for (const strategy of sixStrategies)
      commands += runOne(workload, { seed, strategy: choiceOf(strategy, workload) }).figures.machine
        .commands;
    return commands;
  };
  once(1); // The first run compiles.
  const begin = cpuMs();
  let commands = 0;
  for (let seed = 2; seed < 6; seed++) commands += once(seed);
  return { commands, ms: cpuMs() - begin };
}

/** Where the time goes, by folder. */
async function profile(run: () => void): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  run();
  const { profile: taken } = await session.post('Profiler.stop');
  session.disconnect();
  const folders = new Map<string, number>();
  const nodes = new Map(taken.nodes.map((node) => [node.id, node]));
  for (const [at, id] of (taken.samples ?? []).entries()) {
    const { url = '', functionName = '' } = nodes.get(id)?.callFrame ?? {};
    const folder =
      /\/dist\/(.*)\/[^/]+\.js$/.exec(url)?.[1] ??
      (functionName.startsWith('(') ? functionName : 'Node and libraries');
    folders.set(folder, (folders.get(folder) ?? 0) + (taken.timeDeltas?.[at] ?? 0));
  }
  const all = [...folders.values()].reduce((sum, one) => sum + one, 0);
  for (const [folder, us] of [...folders].sort(([, a], [, b]) => b - a).slice(0, 12))
    console.log(`  ${folder.padEnd(24)} ${((100 * us) / all).toFixed(1).padStart(5)} %`);
}

let commands = 0;
let ms = 0;
for (const name of presets.keys()) {
  const one = onOneCore(name);
  commands += one.commands;
  ms += one.ms;
  console.log(
    `${name.padEnd(20)} ${String(Math.round(one.commands / 24)).padStart(6)} commands a run, ${Math.round((one.commands / one.ms) * 1000).toLocaleString('en')} commands/s`,
  );
}
const speed = (commands / ms) * 1000;
console.log(
  `all presets: ${Math.round(speed).toLocaleString('en')} commands/s and core (goal ${commandsGoal.toLocaleString('en')})`,
);
console.log('where the time goes:');
await profile(() => {
  for (const name of presets.keys()) onOneCore(name);
});

const pool = new LabPool({ threads: 2, heapBytes: 2 ** 29 });
const begin = performance.now();
const beginCpu = cpuMs();
for (const { text } of presets.values())
  await runLab({ parsed: parseWorkload(text), seeds }, { runner: pool });
const seconds = (performance.now() - begin) / 1000;
// What it would take on two cores that nobody else uses.
const coreSeconds = (cpuMs() - beginCpu) / 1000;
await pool.close();
console.log(
  `${presets.size} presets × ${sixStrategies.length} strategies × ${seeds} seeds on two threads: ` +
    `${seconds.toFixed(1)} s, ${coreSeconds.toFixed(1)} s of CPU, so ` +
    `${(coreSeconds / 2).toFixed(1)} s on two free cores (goal ${secondsGoal})`,
);
process.exitCode = speed >= commandsGoal && coreSeconds / 2 <= secondsGoal ? 0 : 1;
