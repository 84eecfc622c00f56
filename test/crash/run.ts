// npm run crash -- --kills 1000 --seed 7
import { Command } from 'commander';
import { killLoop } from './kills.ts';

const { kills, seed } = new Command('crash')
  .option('--kills <number>', 'how often', Number, 1000)
  .option('--seed <number>', 'of the choices', Number, 1)
  .parse()
  .opts<{ kills: number; seed: number }>();
const show = (totals: object) => process.stdout.write(`${JSON.stringify(totals)}\n`);
show(await killLoop(kills, seed, (totals) => totals.kills % 50 === 0 && show(totals)));
