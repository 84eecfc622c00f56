// npm run random-client -- [--runs 200] [--calls 2000] [--seed 1]: prints what each seed did, and
// exits with 1 if one found a failure.
import { parseArgs } from 'node:util';
import { Found, play } from './random-client.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    calls: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
});
let found = 0;
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.runs); seed += 1) {
  const began = performance.now();
  try {
    const { calls, kills, statuses } = await play(seed, Number(values.calls));
    const shown = [...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}×${count}`);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(
      `seed ${seed}: ${calls} calls, ${kills} kills, ${seconds} s, ${shown.join(' ')}\n`,
    );
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    found += 1;
    process.stdout.write(`FOUND ${error.message}\n`);
  }
}
process.stdout.write(`${values.runs} runs, ${found} found something\n`);
process.exitCode = found === 0 ? 0 : 1;
