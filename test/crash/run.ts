// npm run crash -- --kills 1000 --seed 7, or --power for power cuts (needs root and loop devices).
import { Command } from 'commander';
import { killLoop } from './kills.ts';
import { powered } from './power.ts';

const { kills, seed, power } = new Command('crash')
  .option('--kills <number>', 'how often', Number, 1000)
  .option('--seed <number>', 'of the choices', Number, 1)
  .option('--power', 'cut the power of the disk instead')
  .parse()
  .opts<{ kills: number; seed: number; power?: true }>();
const show = (totals: object) => process.stdout.write(`${JSON.stringify(totals)}\n`);
show(
  await killLoop(
    kills,
    seed,
    (totals) => totals.kills % 50 === 0 && show(totals),
    ...(power ? [powered()] : []),
  ),
);
