// Joins the floors: the engine, the tenants and the routes. Everything that concerns the process is
// in main.ts.
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Config, defaultQuotas } from './config.ts';
import { type Log, memoryLog } from './durable/log.ts';
import {
  type Kept,
  keepTime,
  lastTimeOf,
  metaOf,
  recoverFilesystems,
  restoreAnswers,
  restoreFilesystems,
  restoreTenants,
  settle,
} from './durable/read.ts';
import { noRecords, storedRecords } from './durable/records.ts';
import { Engine } from './engine/engine.ts';
import { type Clock, systemClock } from './engine/ticker.ts';
import { Answers } from './http/answers.ts';
import type { AppContext } from './http/app-context.ts';
import { isLoopback } from './http/auth.ts';
import { createServer } from './http/server.ts';
import { Hub, streamLimitsOf } from './http/stream/hub.ts';
import { Tickets } from './http/tickets.ts';
import type { Store } from './journal/level-store.ts';
import { logCounts, measured } from './metrics/engine.ts';
import { requestCounts, timeRequests } from './metrics/http.ts';
import { journalCounts } from './metrics/journal.ts';
import { Metrics } from './metrics/scrape.ts';
import type { JournalCounts, LogCounts } from './metrics/server.ts';
import { defaultTenant, Tenants } from './tenants/tenants.ts';
import { newTokenKey, operatorTokenOf, Tokens } from './tenants/tokens.ts';
import { version } from './version.ts';

export interface Service {
  app: FastifyInstance;
  context: AppContext;
  engine: Engine;
  /**
   * Answers who waits, closes what is open, and resolves when the last request in flight has its
   * answer or `drainMs` is over.
   */
  close(): Promise<void>;
}

export interface ServiceOptions {
  logger: FastifyBaseLogger;
  /**
   * Where everything is kept; without it nothing outlives the process. Called when the settings
   * have been looked at.
   */
  openStore?: () => Promise<Store>;
  log?: Log;
  clock?: Clock;
  checkReplies?: boolean;
  /** Metrics of the process and its event loop as well. */
  processMetrics?: boolean;
}

/** Of the floors that the metrics read. */
interface Counts {
  log: LogCounts;
  journal: JournalCounts;
}

export async function createService(config: Config, options: ServiceOptions): Promise<Service> {
  const loopback = isLoopback(config.host);
  if (config.operatorTokenFile === null && !loopback) {
    throw new Error(
      `--host ${config.host} is not loopback: an operator token is needed, see ` +
        '--operator-token-file',
    );
  }
  const store = await options.openStore?.();
  try {
    return await joinFloors(config, options, loopback, store);
  } catch (error) {
    await store?.close();
    throw error;
  }
}

async function joinFloors(
  config: Config,
  options: ServiceOptions,
  loopback: boolean,
  store: Store | undefined,
): Promise<Service> {
  const { logger } = options;
  const ownClock =
    options.clock === undefined
      ? systemClock((byMs) =>
          logger.warn({ byMs }, 'the wall clock of this host jumped while the server ran'),
        )
      : null;
  const clock = options.clock ?? (ownClock as Clock);
  const records = store === undefined ? noRecords : storedRecords(store);
  const tokens = new Tokens(
    store === undefined ? newTokenKey() : (await metaOf(store, clock.nowMs())).tokenKey,
    records,
  );
  if (config.operatorTokenFile !== null) {
    const { token, made } = operatorTokenOf(config.operatorTokenFile);
    tokens.setOperator(token);
    if (made) logger.info({ file: config.operatorTokenFile }, 'created an operator token');
  }
  const kept = store === undefined ? null : await recoverAll(store, config, logger);
  const counts: Counts = { log: logCounts(), journal: journalCounts(store) };
  const engine = new Engine({
    limits: config,
    log: measured(kept?.log ?? options.log ?? memoryLog, counts.log),
    clock,
    onBroken: ({ error, ...where }) => logger.error({ err: error, ...where }, 'filesystem stopped'),
  });
  const tenants = new Tenants({
    quotas: defaultQuotas(config),
    tenantsMax: config.tenantsMax,
    records,
    onCreated: (tenant) => engine.admit(tenant.name, tenant.account, tenant.epoch),
  });
  const changes =
    store === undefined || kept === null ? {} : await restoreTenants(store, kept, tenants, tokens);
  if (store !== undefined && kept !== null) {
    const lastMs = Math.max(await lastTimeOf(store, kept), tokens.lastCreatedMs());
    if (lastMs > clock.nowMs())
      logger.warn(
        { aheadMs: lastMs - clock.nowMs() },
        'the wall clock is behind the last time that was recorded; logical time goes on from there',
      );
    ownClock?.atLeast(lastMs);
  }
  if (kept !== null) restoreFilesystems(kept, engine, tenants);
  const tickets = new Tickets(config.ticketsPerTenantMax);
  const checkReplies = options.checkReplies === true;
  const answers = new Answers(config, records, (bytes) => engine.memory.add(bytes));
  if (store !== undefined && kept !== null) {
    Object.assign(changes, await restoreAnswers(store, kept, engine, tenants, answers));
    // Nothing refuses any more, and nothing was written.
    store.accept();
    await settle(store, kept, changes);
    engine.start();
  }
  const timeKept = store === undefined ? null : keepTimeNowAndThen(store, clock);
  if (tenants.get(defaultTenant) === undefined)
    await tenants.create(defaultTenant, {}, clock.nowMs());
  const streams = new Hub(streamLimitsOf(config));
  const requests = requestCounts();
  const counted = {
    version,
    durability: engine.durability,
    memory: engine.memory,
    stream: streams.counts,
    http: requests,
    clock: ownClock,
    ...counts,
  };
  const metrics = new Metrics(engine, clock.nowMs, counted, options.processMetrics === true);
  const context: AppContext = {
    engine,
    tenants,
    tokens,
    tickets,
    answers,
    streams,
    metrics,
    config,
    nowMs: clock.nowMs,
    checkReplies,
  };
  const app = await createServer(context, {
    logger,
    loopback,
    extend: (server) => timeRequests(server, requests),
  });

  const close = async () => {
    engine.drain();
    const closed = app.close();
    const late = setTimeout(() => app.connections.destroyAll(), config.drainMs);
    await closed;
    clearTimeout(late);
    engine.halt();
    ownClock?.stop();
    await timeKept?.();
    await store?.close();
  };
  return { app, context, engine, close };
}

/** How much of the time that was told a kill may lose. */
const keepTimeMs = 60_000;

/** Gives back the way to stop it, which keeps the time once more. */
function keepTimeNowAndThen(store: Store, clock: Clock): () => Promise<void> {
  // A full disk, or one that failed, has more to say than the time.
  const keep = () =>
    store.full ? Promise.resolve() : keepTime(store, clock.nowMs()).catch(() => {});
  const timer = setInterval(keep, keepTimeMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return keep();
  };
}

async function recoverAll(store: Store, config: Config, logger: FastifyBaseLogger): Promise<Kept> {
  const begin = performance.now();
  const kept = await recoverFilesystems(store, config, {
    eventsMax: config.ringEventsMax,
    bytes: { max: config.ringBytesMax, budget: { used: 0, max: () => config.memoryMax / 4 } },
    readBytesMax: config.readBytesKeptMax,
    onSkipped: (skipped) =>
      logger.warn(skipped, 'skipped an entry of the journal, as pinhole repair --skip asked'),
  });
  for (const { id, birth, error } of kept.unrecovered) {
    logger.error(
      { err: error, id, tenant: birth.tenant, filesystem: birth.args.name },
      'filesystem stopped: it could not be restored from its journal',
    );
  }
  const entries = kept.filesystems.reduce((sum, { tail }) => sum + tail.entries, 0);
  logger.info(
    { filesystems: kept.filesystems.length, entries, ms: Math.round(performance.now() - begin) },
    'recovered',
  );
  return kept;
}
