// `npm run cluster -- [--port N]`: a cluster on this machine to play with, until ctrl-C.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { freePort, Haproxy, missingHaproxy } from './haproxy.ts';
import { type NodeProcess, NodeProcesses } from './nodes.ts';
import { missing, Postgres } from './postgres.ts';

const names = ['a', 'b', 'c'];
/** A node that has not drained by then is killed. */
const drainMs = 5000;

const say = (...lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

class LocalCluster {
  readonly #databases: Postgres[] = [];
  #nodes: NodeProcesses | null = null;
  #balancer: Haproxy | null = null;
  #ending = false;

  async start(port: number): Promise<void> {
    await freePort(port);
    say('Starting the primary and its standby …');
    const primary = await Postgres.start();
    this.#databases.push(primary);
    const standby = await primary.standby();
    this.#databases.push(standby);
    await primary.restart({ synchronous_standby_names: 'standby' });
    say('Starting three nodes and HAProxy …');
    const nodes = new NodeProcesses(this.#databases.map((database) => database.url()));
    this.#nodes = nodes;
    // The first one makes the tables.
    for (const name of names) this.#watch(await nodes.start(name));
    this.#balancer = await Haproxy.start(
      nodes.nodes.map(({ url }) => url),
      port,
    );
    const rows = nodes.nodes.map(
      ({ name, url, child }) => `node ${name}    ${url}  pid ${child.pid}`,
    );
    say(
      '',
      `HAProxy   ${this.#balancer.url}  pid ${this.#balancer.pid}`,
      ...rows,
      `primary   ${primary.url()}  pid ${primary.pid}`,
      `standby   ${standby.url()}  pid ${standby.pid}`,
      `token     ${nodes.operatorTokenFile} (the operator token)`,
      '',
      `The page is ${this.#balancer.url}/ui/. Requests from this machine need no token.`,
      'Type "kill a" or "start a" and Enter, for any node. Ctrl-C ends everything.',
    );
  }

  /** `kill NAME` or `start NAME`. */
  async command(line: string): Promise<void> {
    const [verb = '', name = '', ...more] = line.trim().split(/\s+/);
    if (verb === '') return;
    if (!['kill', 'start'].includes(verb) || !names.includes(name) || more.length > 0)
      return say(
        `"${line.trim()}" is not a command: type "kill NAME" or "start NAME", NAME a, b or c.`,
      );
    const live = this.#nodes?.live.find((node) => node.name === name);
    if (verb === 'kill') {
      if (live === undefined) say(`Node ${name} does not run.`);
      live?.kill('SIGKILL');
      return;
    }
    if (live !== undefined) return say(`Node ${name} already runs.`);
    const node = await this.#nodes?.start(name);
    if (node === undefined) return;
    this.#watch(node);
    say(`Node ${name} listens at ${node.url}, pid ${node.child.pid}.`);
  }

  #watch({ name, child, log }: NodeProcess): void {
    child.once('exit', (code, signal) => {
      if (this.#ending) return;
      say(
        `Node ${name} ended (${signal ?? `exit code ${code}`}). "start ${name}" starts it again.`,
      );
      if (signal === null) say(...log.slice(-3));
    });
  }

  /** Requests end first, then their nodes, then the database. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#balancer?.stop();
    const late = setTimeout(() => {
      for (const node of this.#nodes?.live ?? []) node.kill('SIGKILL');
    }, drainMs);
    await this.#nodes?.stop('SIGTERM');
    clearTimeout(late);
    // The primary writes its last lines for the standby.
    for (const database of this.#databases) await database.remove();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`--port must be a number from 1 to 65535, not "${values.port}".`);
  const absent = missing ?? missingHaproxy;
  if (absent !== null)
    throw new Error('A local cluster needs the Debian packages postgresql-15 and haproxy.');
  const cluster = new LocalCluster();
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // npm passes on a ctrl-C that the terminal sends too, so a second signal is nothing new.
  const signalled = Promise.race(signals.map((signal) => once(process, signal)));
  for (const signal of signals) process.on(signal, () => {});
  void signalled.then(() => say('Ending everything …'));
  try {
    // A signal meanwhile ends what is there afterwards, so that nothing is forgotten.
    await cluster.start(port);
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => void cluster.command(line).catch((error) => say(String(error))));
    await signalled;
    lines.close();
  } finally {
    await cluster.end();
  }
}

main().then(
  () => process.exit(0),
  (error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE';
    console.error(taken ? 'The port is taken; give another one with --port.' : error.message);
    process.exit(1);
  },
);
