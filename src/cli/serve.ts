// pinhole serve: starts the server, and ends the process on a signal or when the journal failed.
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type Logger, pino } from 'pino';
import { addSettings, type Config, ConfigError, configOf } from '../config.ts';
import { bulkPrefixes } from '../durable/keys.ts';
import { tokenNeeded } from '../http/auth.ts';
import { JournalError } from '../journal/journal-error.ts';
import { LevelStore } from '../journal/level-store.ts';
import type { Store } from '../journal/store.ts';
import { createService, type Service } from '../server.ts';
import { banner, terminalOf, urlOf } from './lib/banner.ts';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { journalEnd, journalExitCodes } from './lib/journal-end.ts';

/** `subcommands` are the names that may not follow a setting. */
export function serveCommand(io: Io, subcommands: readonly string[]): Command {
  const command = new Command('serve')
    .description(
      'Starts the server. Each setting is an option or an environment variable. "pinhole" without ' +
        'a subcommand does the same.',
    )
    .usage('[settings]')
    .argument('[none...]')
    .addHelpText(
      'after',
      '\nIf the server refuses to start on its journal, see pinhole repair --help.',
    )
    .action(async () => {
      refuseWords(command.args, subcommands);
      await serve(settingsOf(command), io);
    });
  return example(addSettings(command), 'pinhole serve --port 0 --data-dir ./pinhole-data');
}

/** Because `--data-dir X repair` would otherwise start a server. */
function refuseWords([word]: readonly string[], subcommands: readonly string[]): void {
  if (word === undefined) return;
  throw new UsageError(
    subcommands.includes(word)
      ? `options before "${word}" are settings of the server; options of ${word} follow its name`
      : `too many arguments: serve takes only settings, and "${word}" is none\n` +
          'Try pinhole serve --help.',
  );
}

function settingsOf(command: Command): Config {
  try {
    return configOf(command.opts());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`${error.message}\nTry pinhole serve --help.`);
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
    if (serving === null) process.exit(failed ? journalExitCodes.failed : 0);
    const service = serving;
    await service.close();
    logger.info('stopped');
    process.exit(failed ? journalExitCodes.failed : 0);
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
  setTimeout(() => process.exit(journalExitCodes.failed), 200);
}

async function openStore(config: Config, logger: Logger): Promise<Store> {
  const { clusterUrlFile } = config;
  if (clusterUrlFile === null) return openLevel(config, logger);
  // Imported late, because a server without a database needs neither the code nor the time.
  const { openDatabase } = await import('./lib/database.ts');
  return openDatabase(clusterUrlFile, config, {
    logger,
    onFailed: (error) => stopOnFailure(logger, error),
  });
}

function openLevel(config: Config, logger: Logger): Promise<LevelStore> {
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
    '\nThe journal was not changed. Run "pinhole repair --data-dir …" to inspect it; "pinhole ' +
    'repair --help" lists what can be done.'
  );
}

async function loggerOf(config: Config, { stdout, env }: Io): Promise<Logger> {
  // Synchronous, because process.exit() would lose the last lines of an asynchronous stream.
  const lines = pino.destination({ fd: 1, sync: true, maxLength: 1024 * 1024 });
  lines.on('error', () => {});
  const options = {
    level: config.logLevel,
    redact: ['req.headers.authorization', 'authorization', 'token'],
  };
  if (stdout.isTTY !== true) return pino(options, lines);
  // Imported late, because a program that reads the lines needs JSON and no time for this.
  const { default: pretty } = await import('pino-pretty');
  const colorize = (env.NO_COLOR ?? '') === '';
  return pino(
    options,
    pretty({ destination: lines, colorize, singleLine: true, ignore: 'pid,hostname' }),
  );
}

async function serve(config: Config, io: Io): Promise<void> {
  const logger = await loggerOf(config, io);
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
    throw journalEnd(error, hintOf(error));
  }
  serving = service;
  const address = service.app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const url = urlOf(config.host, port);
  logger.info({ url, durability: service.engine.durability }, 'listening');
  terminalOf(io)?.write(banner({ ...config, port, tokenNeeded: tokenNeeded(config) }));
}
