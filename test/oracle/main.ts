// npm run oracle: random schedules on real Linux and in Pinhole.
import { parseArgs } from 'node:util';
import { Guest } from './guest.ts';
import { played } from './play.ts';
import { scheduleOf } from './schedule.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    kind: { type: 'string', default: 'xfs' },
    kernel: { type: 'string', default: '7.3' },
    packages: { type: 'string', default: '/tmp/orc2' },
    verbose: { type: 'boolean', default: false },
  },
});
const box = { kind: values.kind as 'xfs', kernel: values.kernel as '7.3' };
const guest = await Guest.boot(values.packages, box);
const counts = { agrees: 0, differs: 0, 'given up': 0 };
let steps = 0;
let choices = 0;
const begun = Date.now();
for (let at = 0; at < Number(values.schedules); at++) {
  const seed = Number(values.first) + at;
  const schedule = scheduleOf(seed, box);
  const result = await played(guest, schedule);
  counts[result.ending.how] += 1;
  steps += result.steps;
  choices += result.choices;
  if (values.verbose) console.log([...schedule.files, ...result.trace].join('\n'));
  if (result.ending.how !== 'agrees')
    console.log(seed, result.steps, JSON.stringify(result.ending));
}
console.log(counts, { steps, choices, ms: Date.now() - begun });
await guest.end();
