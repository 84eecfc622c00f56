#!/usr/bin/env node
// The process: settings, signals, exit codes.
import { join, resolve } from 'node:path';
import { CommanderError } from 'commander';
import { type Logger, pino } from 'pino';
import { type Config, ConfigError, readConfig } from './config.ts';
import { bulkPrefixes } from './durable/read.ts';
import { repair } from './durable/repair.ts';
import { JournalError } from './journal/journal-error.ts';
import { Store } from './journal/level-store.ts';
import { createService, type Service } from './server.ts';

/** In the README's table too. */
const exitCodes = {
  settings: 2,
  damaged: 3,
  poison: 3,
  locked: 4,
  failed: 5,
  full: 5,
  version: 7,
} as const;

function settings(): Config {
  try {
    return readConfig(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`pinhole: ${error.message}\nTry pinhole --help.\n`);
    process.exit(exitCodes.settings);
  }
}

/** Null until it serves: then nothing was told that could be lost. */
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

/** A stop by signal must not hide it. */
let failed = false;

/** What is in flight gets its answer; then the process ends, well within a second. */
function stopOnFailure(logger: Logger, error: JournalError): void {
  failed = true;
  logger.fatal({ err: error }, 'the journal failed: nothing more is acknowledged');
  setTimeout(() => process.exit(exitCodes.failed), 200);
}

function openStore(config: Config, logger: Logger): Promise<Store> {
  const directory = resolve(config.dataDir);
  return Store.open({
    directory: join(directory, 'journal'),
    reserveBytes: config.diskReserveBytes,
    bulk: bulkPrefixes,
    onFailed: (error) => stopOnFailure(logger, error),
    onPutBack: () =>
      logger.warn(
        { directory },
        'the start before was killed: its journal is put back as that found it',
      ),
    onFull: (full) =>
      full
        ? logger.error({ directory }, 'disk full')
        : logger.info({ directory }, 'disk no longer full'),
  });
}

function hintOf(error: unknown): string {
  if (!(error instanceof JournalError) || !['damaged', 'poison', 'version'].includes(error.kind))
    return '';
  return 'Nothing was changed. pinhole repair --data-dir … says what is there and what can be done.\n';
}

/** pinhole repair … */
async function runRepair(argv: readonly string[]): Promise<never> {
  try {
    process.exit(await repair(argv));
  } catch (error) {
    if (error instanceof CommanderError)
      process.exit(error.exitCode === 0 ? 0 : exitCodes.settings);
    process.stderr.write(`pinhole: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof JournalError ? exitCodes[error.kind] : exitCodes.settings);
  }
}

async function main(): Promise<void> {
  // Where it goes is full, or nobody reads on: it is lost, and no reason to end.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const [command, ...rest] = process.argv.slice(2);
  if (command === 'repair') return runRepair(rest);
  const config = settings();
  // Synchronous, so that lines keep their order and the last ones are out before the exit.
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
    ? 'State is in memory and ends with the process.'
    : `What it acknowledges is in ${resolve(config.dataDir)}.`;
  process.stdout.write(`
Pinhole is at ${url}. ${where} Try:

  curl -X POST ${url}/v1/filesystems -H 'content-type: application/json' -d '{"name":"scratch","sizeBytes":67108864}'
  curl ${url}/v1/filesystems/scratch
  curl ${url}/v1

`);
}

await main();
