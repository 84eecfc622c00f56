// Opens the database that the nodes of a cluster share.
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import type { JournalError } from '../../journal/journal-error.ts';
import { PgStore } from '../../journal/pg-store.ts';
import { kernelVersion } from '../../kernel/snapshot.ts';
import { version } from '../../version.ts';
import { UsageError } from './exit.ts';

interface DatabaseOptions {
  logger: Logger;
  onFailed(error: JournalError): void;
}

/** Every node has these keys in memory. */
const isShared = (key: string): boolean => /^(meta$|tenant\/|token\/)/.test(key);

export function openDatabase(
  file: string,
  config: Config,
  { logger, onFailed }: DatabaseOptions,
): Promise<PgStore> {
  if (config.operatorTokenFile === null)
    throw new UsageError(
      '--cluster-url-file needs --operator-token-file: the nodes of a cluster have one operator',
    );
  return PgStore.open({
    urls: urlsIn(file),
    info: {
      name: config.nodeId ?? hostname(),
      url: null,
      release: version,
      kernelVersion,
      leaving: false,
    },
    isShared,
    onFailed,
    onFull: (full) =>
      full
        ? logger.error('the disk of the database is full; operations that need space are refused')
        : logger.info('the disk of the database has space again'),
    onAway: (error) =>
      error === null
        ? logger.info('the database answers again')
        : logger.error({ err: error }, 'the database does not answer; operations wait for it'),
  });
}

function urlsIn(file: string): string[] {
  const { mode } = statSync(file);
  if ((mode & 0o077) !== 0)
    throw new UsageError(`other users can read ${file}; set its mode to 0600`);
  const lines = readFileSync(file, 'utf8').split('\n');
  const urls = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (urls.length === 0)
    throw new UsageError(`${file} has no URL; write that of a PostgreSQL database into it`);
  return urls;
}
