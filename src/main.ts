#!/usr/bin/env node
// The process: settings, signals, exit codes. 2 is a setting that cannot be used.
import { CommanderError } from 'commander';
import { type Logger, pino } from 'pino';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createService, type Service } from './service.ts';

function settings(): Config {
  try {
    return readConfig(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`pinhole: ${error.message}\nTry pinhole --help.\n`);
    process.exit(2);
  }
}

function stopOnSignal(service: Service, logger: Logger): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    await service.close();
    logger.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}

async function main(): Promise<void> {
  const config = settings();
  // Synchronous, so that lines keep their order and the last ones are out before the exit.
  const logger = pino(
    { level: config.logLevel, redact: ['req.headers.authorization', 'authorization', 'token'] },
    pino.destination({ fd: 1, sync: true }),
  );
  let service: Service;
  try {
    service = await createService(config, { logger, processMetrics: true });
    await service.app.listen({ host: config.host, port: config.port, listenTextResolver: () => 'bound' });
  } catch (error) {
    process.stderr.write(`pinhole: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
  stopOnSignal(service, logger);
  const address = service.app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  logger.info({ url, durability: service.engine.durability }, 'listening');
  process.stdout.write(`
Pinhole is at ${url}. State is in memory and ends with the process. Try:

  curl -X POST ${url}/v1/filesystems -H 'content-type: application/json' -d '{"name":"scratch","sizeBytes":67108864}'
  curl ${url}/v1/filesystems/scratch
  curl ${url}/v1

`);
}

await main();
