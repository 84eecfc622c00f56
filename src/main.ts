#!/usr/bin/env node
// The process: settings, signals, exit codes.
import { join, resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { type Logger, pino } from 'pino';
import { type RepairOrders, repair, repairCommand } from './cli/repair.ts';
import { type ReplayOrders, replay, replayCommand } from './cli/replay.ts';
import { type Config, ConfigError, parseArguments } from './config.ts';
import { bulkPrefixes } from './durable/keys.ts';
import { JournalError } from './journal/journal-error.ts';
import { LevelStore } from './journal/level-store.ts';
import { createService, type Service } from './server.ts';

/** docs/exit-codes.md has a table of them. */
const exitCodes = {
  settings: 2,
  damaged: 3,
  poison: 3,
  locked: 4,
  failed: 5,
  full: 5,
  version: 7,
} as const;

/** Null where a subcommand is to run instead of the server. */
function settings(subcommands: readonly Command[]): Config | null {
  try {
    return parseArguments(process.argv.slice(2), subcommands);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`pinhole: ${error.message}\nTry pinhole --help.\n`);
    process.exit(exitCodes.settings);
  }
}

/** Null until it listens: until then nothing was acknowledged, so a signal may end the process. */
let serving: Service | null = null;

function stopOnSignal(logger: Logger): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    if (serving === null) process.exit(failed ? exitCodes.failed : 0);
    const service = serving;
    await service.close();
    logger.info('stopped');
    process.exit(failed ? exitCodes.failed : 0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}

/** Set when the journal failed, because a later signal must not turn the exit code into 0. */
let failed = false;

/** Requests in flight get 200 ms for their answers; then the process ends. */
function stopOnFailure(logger: Logger, error: JournalError): void {
  failed = true;
  logger.fatal(
    { err: error },
    'the journal failed; the server acknowledges nothing more and stops',
  );
  setTimeout(() => process.exit(exitCodes.failed), 200);
}

function openStore(config: Config, logger: Logger): Promise<LevelStore> {
  const directory = resolve(config.dataDir);
  return LevelStore.open({
    directory: join(directory, 'journal'),
    reserveBytes: config.diskReserveBytes,
    bulk: bulkPrefixes,
    onFailed: (error) => stopOnFailure(logger, error),
    onPutBack: () =>
      logger.warn(
        { directory },
        'the previous start was killed while it opened the journal; the journal was restored ' +
          'to its earlier state',
      ),
    onFull: (full) =>
      full
        ? logger.error(
            { directory },
            'the disk of the journal is full; operations that need space are refused',
          )
        : logger.info(
            { directory },
            'the disk of the journal has space again; all operations are accepted',
          ),
  });
}

function hintOf(error: unknown): string {
  if (!(error instanceof JournalError) || !['damaged', 'poison', 'version'].includes(error.kind))
    return '';
  return (
    'The journal was not changed. Run "pinhole repair --data-dir …" to inspect it; "pinhole ' +
    'repair --help" lists what can be done.\n'
  );
}

async function runRepair(orders: RepairOrders): Promise<never> {
  try {
    process.exit(await repair(orders));
  } catch (error) {
    process.stderr.write(`pinhole: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof JournalError ? exitCodes[error.kind] : exitCodes.settings);
  }
}

async function runReplay(orders: ReplayOrders): Promise<never> {
  try {
    process.exit(await replay(orders, (line) => void process.stdout.write(`${line}\n`)));
  } catch (error) {
    process.stderr.write(`pinhole: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(exitCodes.settings);
  }
}

async function main(): Promise<void> {
  // A full disk or a closed pipe loses log lines; the server must not stop because of that.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const config = settings([
    repairCommand((orders) => void runRepair(orders)),
    replayCommand((orders) => void runReplay(orders)),
  ]);
  if (config === null) return;
  // Synchronous, because process.exit() would lose the last lines of an asynchronous stream.
  const lines = pino.destination({ fd: 1, sync: true, maxLength: 1024 * 1024 });
  lines.on('error', () => {});
  const logger = pino(
    { level: config.logLevel, redact: ['req.headers.authorization', 'authorization', 'token'] },
    lines,
  );
  stopOnSignal(logger);
  let service: Service;
  try {
    const store = config.volatile ? {} : { openStore: () => openStore(config, logger) };
    service = await createService(config, { logger, processMetrics: true, ...store });
    await service.app.listen({
      host: config.host,
      port: config.port,
      listenTextResolver: () => 'bound',
    });
  } catch (error) {
    process.stderr.write(
      `pinhole: ${error instanceof Error ? error.message : String(error)}\n${hintOf(error)}`,
    );
    process.exit(error instanceof JournalError ? exitCodes[error.kind] : exitCodes.settings);
  }
  serving = service;
  const address = service.app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  logger.info({ url, durability: service.engine.durability }, 'listening');
  const where = config.volatile
    ? 'Its state is in memory only and ends with the process.'
    : `Its state is stored in ${resolve(config.dataDir)}.`;
  const device = '{"name":"scratch","sizeBytes":67108864}';
  process.stdout.write(`
Pinhole is at ${url}. ${where} Open it in a browser, or try:

  curl -X POST ${url}/v1/filesystems -H 'content-type: application/json' -d '${device}'
  curl ${url}/v1/filesystems/scratch
  curl ${url}/v1

`);
}

await main();
