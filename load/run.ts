// `npm run load`: every scenario against Pinhole and against a bare Fastify with the same payload,
// in alternating rounds, so that both run under the same conditions. Exits with 1 if an answer is
// not the expected one, or a goal was missed.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { durable } from './durable.ts';
import { events } from './events.ts';
import { fanOut } from './fan-out.ts';
import { fork } from './fork.ts';
import { drive, type Measured, middle } from './measure.ts';
import { mixedTenants } from './mixed-tenants.ts';
import { neighbours } from './neighbours.ts';
import { page } from './page.ts';
import { pinUnpin } from './pin-unpin.ts';
import { punchUnderPins } from './punch-under-pins.ts';
import { recover } from './recover.ts';
import { apiOf, type Scenario } from './scenario.ts';
import { scrape } from './scrape.ts';
import { build, leaveFirstCore, root, startPinhole, startServer } from './server.ts';
import { snapshot } from './snapshot.ts';
import { stalled } from './stalled.ts';
import { writeRead } from './write-read-4k.ts';

const scenarios: readonly Scenario[] = [pinUnpin, punchUnderPins, mixedTenants, writeRead];
const names = [
  ...scenarios.map(({ name }) => name),
  'durable',
  'events',
  'fan-out',
  'fork',
  'neighbours',
  'page',
  'recover',
  'scrape',
  'snapshot',
  'stalled',
];

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

interface Flags {
  seconds: number;
  connections: number;
  rounds: number;
  scenario?: string[];
}

const flags = new Command('load')
  .option('--seconds <n>', 'load on each server in each scenario', positive, 5)
  .option('--connections <n>', 'connections', positive, 100)
  .option('--rounds <n>', 'turns that the two servers take', positive, 3)
  .option('--scenario <name...>', `one of ${names.join(', ')}; all without it`)
  .parse()
  .opts<Flags>();

const git = (...args: string[]): string => {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
};

function about(): string {
  const [cpu] = cpus();
  const commit = git('rev-parse', '--short', 'HEAD') || 'unknown';
  const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ', changed';
  const load = loadavg()
    .map((one) => one.toFixed(2))
    .join(' ');
  return `${cpus().length} × ${cpu?.model ?? 'unknown'}, Node ${process.version}, commit ${commit}${changed}, load average ${load}`;
}

const cells = (...values: (string | number)[]): string =>
  values
    .map((value, i) => (i === 0 ? String(value).padEnd(10) : String(value).padStart(12)))
    .join('');

function row(name: string, m: Measured): string {
  return cells(
    name,
    Math.round(m.requestsPerSecond),
    m.p50Ms,
    m.p99Ms,
    m.cpuMicros.toFixed(1),
    `${Math.round(m.busy * 100)} %`,
  );
}

/** Answers that the scenario does not expect, as text; empty when there were none. */
function surprises({ statuses }: Measured, { expected }: Scenario): string {
  const others = [...statuses].filter(([status]) => !expected.includes(status));
  return others
    .map(([status, count]) => `${count} × ${status === 0 ? 'no answer' : status}`)
    .join(', ');
}

async function run(scenario: Scenario): Promise<boolean> {
  const { connections, seconds, rounds } = flags;
  const servers = [
    await startPinhole(),
    await startServer('load/bare.ts', { BARE: JSON.stringify(scenario.bare) }),
  ] as const;
  const [pinhole, bare] = servers;
  try {
    const calls = await scenario.prepare(apiOf(pinhole.url));
    const warm = Math.min(1, seconds / 4);
    for (const server of servers) await drive(server, calls, connections, warm);
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await drive(bare, calls, connections, seconds / rounds));
      ours.push(await drive(pinhole, calls, connections, seconds / rounds));
    }
    const [a, b] = [middle(ours), middle(theirs)];
    console.log(`\n${scenario.name}: ${scenario.doc}; ${connections} connections`);
    console.log(cells('', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs', 'core busy'));
    console.log(row('pinhole', a));
    console.log(row('bare', b));
    const ratio = (a.requestsPerSecond / b.requestsPerSecond).toFixed(2);
    console.log(
      `ratio ${ratio} of the requests/s, ${(a.cpuMicros / b.cpuMicros).toFixed(2)} of the CPU a request`,
    );
    const unexpected = surprises(a, scenario);
    const codes = [...a.statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
    console.log(unexpected === '' ? `answers: ${codes}` : `UNEXPECTED ANSWERS: ${unexpected}`);
    return unexpected === '';
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

const chosen = flags.scenario ?? names;
const strangers = chosen.filter((name) => !names.includes(name));
if (strangers.length > 0) {
  console.error(`no such scenario: ${strangers.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}
build();
leaveFirstCore();
console.log(about());
let good = true;
for (const scenario of scenarios)
  if (chosen.includes(scenario.name)) good = (await run(scenario)) && good;
if (chosen.includes('durable'))
  good = (await durable(flags.seconds / flags.rounds, flags.rounds)) && good;
if (chosen.includes('recover')) good = (await recover()) && good;
if (chosen.includes('fork')) good = (await fork(flags.seconds)) && good;
if (chosen.includes('events')) good = (await events(flags.seconds)) && good;
if (chosen.includes('fan-out')) good = (await fanOut(flags.seconds)) && good;
if (chosen.includes('neighbours')) good = (await neighbours()) && good;
if (chosen.includes('page')) good = (await page()) && good;
if (chosen.includes('scrape')) good = (await scrape()) && good;
if (chosen.includes('stalled')) good = (await stalled()) && good;
if (chosen.includes('snapshot')) good = (await snapshot()) && good;
process.exit(good ? 0 : 1);
