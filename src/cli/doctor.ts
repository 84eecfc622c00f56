// pinhole doctor: what on this machine would keep a server from working, each with what to do.
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { bulkPrefixes } from '../durable/keys.ts';
import { JournalError } from '../journal/journal-error.ts';
import { LevelStore } from '../journal/level-store.ts';
import { version } from '../version.ts';
import { CurlShown } from './lib/curl.ts';
import { Ended, exitCodes } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { styled } from './lib/output.ts';
import { onServer, type Session } from './lib/session.ts';
import { wholeOf } from './lib/sizes.ts';

interface Options {
  dataDir: string;
  host: string;
  port: number;
}

interface Finding {
  check: string;
  state: 'ok' | 'note' | 'wrong';
  text: string;
  /** What to do about it. */
  help?: string;
}

export function doctorCommand(io: Io): Command {
  const command = new Command('doctor')
    .description(
      'Checks what a server needs: Node, the data directory and its journal, disk space, the ' +
        'port, and whether a server answers and has the same clock. It changes nothing. Exit ' +
        'code 1: something is wrong.',
    )
    .addOption(
      new Option('--data-dir <directory>', 'the --data-dir of the server')
        .env('PINHOLE_DATA_DIR')
        .default('./pinhole-data'),
    )
    .addOption(
      new Option('--host <address>', 'its --host').env('PINHOLE_HOST').default('127.0.0.1'),
    )
    .addOption(
      new Option('--port <port>', 'its --port')
        .env('PINHOLE_PORT')
        .argParser(wholeOf)
        .default(8080),
    );
  example(command, 'pinhole doctor -o json || test $? = 1');
  return onServer<Options>(command, io, async (session, { options }) => {
    const dataDir = resolve(options.dataDir);
    const items = [
      node(),
      directory(dataDir),
      await journal(dataDir),
      disk(dataDir),
      ...(await server(session, options)),
    ];
    session.output.print({ items }, () => items.map((one) => lineOf(io, one)).join('\n'));
    if (items.some(({ state }) => state === 'wrong')) throw new Ended(exitCodes.refused);
  });
}

const colours = { ok: 'green', note: 'yellow', wrong: 'red' } as const;

function lineOf(io: Io, { check, state, text, help }: Finding): string {
  const word = styled(io, io.stdout, colours[state], state.padEnd(5));
  const line = `${word}  ${check.padEnd(9)}  ${text}`;
  return help === undefined ? line : `${line}\n${' '.repeat(18)}${help}`;
}

/** The lowest version of package.json. */
const nodeNeeded = [20, 19] as const;

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > nodeNeeded[0] || (major === nodeNeeded[0] && minor >= nodeNeeded[1]);
  const text = `Node ${process.versions.node}; Pinhole ${version} needs ${nodeNeeded.join('.')}`;
  if (isNew) return { check: 'node', state: 'ok', text };
  return { check: 'node', state: 'wrong', text, help: 'Install a newer Node.' };
}

function directory(dataDir: string): Finding {
  const check = 'data';
  if (!existsSync(dataDir)) {
    const parent = nearest(dataDir);
    if (isWritable(parent))
      return { check, state: 'ok', text: `${dataDir} does not exist yet; a server creates it` };
    const text = `${dataDir} does not exist, and ${parent} cannot be written`;
    return { check, state: 'wrong', text, help: 'Choose another directory with --data-dir.' };
  }
  if (isWritable(dataDir)) return { check, state: 'ok', text: `${dataDir} can be written` };
  const help = 'Give the user of the server the right to write, or choose another --data-dir.';
  return { check, state: 'wrong', text: `${dataDir} cannot be written`, help };
}

/** The directory, or the first one above it that exists. */
const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)));

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Opens the journal as `repair` does without options. */
async function journal(dataDir: string): Promise<Finding> {
  const check = 'journal';
  const path = join(dataDir, 'journal');
  if (!existsSync(join(path, 'store')))
    return { check, state: 'ok', text: 'there is none yet; a server begins empty' };
  try {
    const store = await LevelStore.open({
      directory: path,
      reserveBytes: 0,
      bulk: bulkPrefixes,
      despiteLoss: true,
      onFailed() {},
    });
    const { losses } = store;
    await store.close();
    if (losses === null) return { check, state: 'ok', text: `${path} can be opened` };
    const help = 'pinhole repair shows it; --accept-loss accepts it.';
    return { check, state: 'wrong', text: String(losses), help };
  } catch (error) {
    const text = (error as Error).message;
    if (error instanceof JournalError && error.kind === 'locked')
      return { check, state: 'note', text, help: 'A server has it open, or a repair.' };
    const help = 'pinhole repair --help lists what can be done.';
    return { check, state: 'wrong', text, help };
  }
}

const enoughBytes = 2 ** 30;

function disk(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(nearest(dataDir));
  const bytes = bavail * bsize;
  const text = `${(bytes / 2 ** 30).toFixed(1)} GiB are free for ${dataDir}`;
  if (bytes >= enoughBytes) return { check: 'disk', state: 'ok', text };
  const help = 'Free some space: a server refuses operations that need space on a full disk.';
  return { check: 'disk', state: 'wrong', text, help };
}

/** The port, the server that answers, and its clock. */
async function server(
  { client, connection }: Session,
  { host, port }: Options,
): Promise<Finding[]> {
  const answer = await client.GET('/v1', {}).catch((error: unknown) => {
    if (error instanceof CurlShown) throw error;
    return null;
  });
  const date = answer?.response.headers.get('date') ?? null;
  const taken = await isTaken(host, port);
  const own = new URL(connection.url).port === String(port);
  const findings: Finding[] = [];
  if (taken === null) {
    const text = `${host}:${port} is free`;
    findings.push({ check: 'port', state: 'ok', text });
  } else if (answer !== null && own)
    findings.push({ check: 'port', state: 'ok', text: `${host}:${port} is used by that server` });
  else {
    const help = 'Stop the program that uses it, or choose another with --port; 0 picks one.';
    findings.push({ check: 'port', state: 'wrong', text: `${host}:${port}: ${taken}`, help });
  }
  if (answer === null) {
    const text = `no server answers at ${connection.url}`;
    const help = 'Start one with "pinhole serve", or name another with --url.';
    return [...findings, { check: 'server', state: 'note', text, help }];
  }
  findings.push(serverFinding(connection.url, answer));
  return date === null ? findings : [...findings, clock(date)];
}

function serverFinding(
  url: string,
  { response, data }: { response: Response; data?: unknown },
): Finding {
  const check = 'server';
  const its = (data as { version?: string } | undefined)?.version;
  if (!response.ok || its === undefined) {
    const text = `${url} answers ${response.status}, and not as a Pinhole server`;
    return { check, state: 'wrong', text, help: 'Name the server with --url or a context.' };
  }
  if (its === version) return { check, state: 'ok', text: `${url} is Pinhole ${its}` };
  const text = `${url} is Pinhole ${its}, and this command is ${version}`;
  return { check, state: 'note', text, help: 'Use the command of the same version.' };
}

/** Null if a server could listen there, else why not. */
function isTaken(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(error.message));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

const skewMs = 5000;

function clock(date: string): Finding {
  const behindMs = Date.now() - Date.parse(date);
  const seconds = Math.round(Math.abs(behindMs) / 1000);
  if (Math.abs(behindMs) <= skewMs)
    return { check: 'clock', state: 'ok', text: 'this machine and the server have the same time' };
  const text = `the clock of the server is ${seconds} s ${behindMs > 0 ? 'behind' : 'ahead'}`;
  return { check: 'clock', state: 'wrong', text, help: 'Set both clocks, for instance by NTP.' };
}
