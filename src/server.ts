// Starts the service: reads the store, lets each part adopt its share, listens. Stops it: drains
// the requests in flight. Settings, signals and exit codes are in cli/serve.ts.
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { BundleChecks } from './bundle/checks.ts';
import type { Cluster } from './cluster/cluster.ts';
import { Comparisons } from './compare/comparisons.ts';
import { type Config, defaultQuotas } from './config.ts';
import { recordKeys } from './durable/keys.ts';
import { newId, newTokenKey } from './durable/random.ts';
import { readRecords, readWorld } from './durable/read.ts';
import { clockRecord, noRecords, type Records } from './durable/records.ts';
import type { RecoveryOptions } from './durable/replay.ts';
import { StoredLog, type StoredLogLimits } from './durable/stored-log.ts';
import { emptyWorld, type World } from './durable/world.ts';
import { Engine } from './engine/engine.ts';
import { type Clock, type SystemClock, systemClock } from './engine/ticker.ts';
import { Answers } from './http/answers.ts';
import type { AppContext } from './http/app-context.ts';
import { isLoopback } from './http/auth.ts';
import { becameOf } from './http/became.ts';
import { builtDocs } from './http/docs.ts';
import { builtPage } from './http/page.ts';
import { createServer } from './http/server.ts';
import { Hub, streamLimitsOf } from './http/stream/hub.ts';
import { continueRemovals } from './http/tenant-removal.ts';
import { Tickets } from './http/tickets.ts';
import type { ClusterStore } from './journal/cluster-store.ts';
import { JournalError } from './journal/journal-error.ts';
import { MemoryStore } from './journal/memory-store.ts';
import { Opened } from './journal/opened.ts';
import type { Store } from './journal/store.ts';
import { Labs } from './labs/labs.ts';
import { logCounts, measured } from './metrics/engine.ts';
import { requestCounts, timeRequests } from './metrics/http.ts';
import { journalCounts } from './metrics/journal.ts';
import { Metrics } from './metrics/scrape.ts';
import type { JournalCounts, LogCounts } from './metrics/server.ts';
import { defaultTenant, Tenants } from './tenants/tenants.ts';
import { operatorTokenOf, Tokens } from './tenants/tokens.ts';
import { version } from './version.ts';

export interface Service {
  app: FastifyInstance;
  context: AppContext;
  engine: Engine;
  /**
   * Ends all waits, closes all streams and connections, and resolves when the last request in
   * flight is answered, or after `drainMs`.
   */
  close(): Promise<void>;
}

export interface ServiceOptions {
  logger: FastifyBaseLogger;
  /**
   * Opens the store. Without it all state is lost when the process ends. Called after the settings
   * were checked, so that a wrong setting leaves the disk unchanged.
   */
  openStore?: () => Promise<Store>;
  clock?: Clock;
  checkReplies?: boolean;
  /** The folder of the built page; by default that of `npm run build`. */
  page?: string;
  /** The folder of the built docs, if it is not that of `npm run build`. */
  docs?: string;
  /** Whether the metrics include those of the process and its event loop. */
  processMetrics?: boolean;
}

/** What the metrics read of the log and of the journal. */
interface Counts {
  log: LogCounts;
  journal: JournalCounts;
}

export async function createService(config: Config, options: ServiceOptions): Promise<Service> {
  if (config.operatorTokenFile === null && !isLoopback(config.host))
    throw new Error(
      `--host ${config.host} is not loopback: an operator token is needed, see ` +
        '--operator-token-file',
    );
  const opened = new Opened();
  try {
    return await start(config, options, opened);
  } catch (error) {
    // The first error says why the start failed; one while closing must not replace it.
    await opened.close().catch(() => {});
    throw error;
  }
}

/** Reads the store, lets each part adopt its share, and listens. */
async function start(config: Config, options: ServiceOptions, opened: Opened): Promise<Service> {
  const { logger } = options;
  const store = await options.openStore?.();
  opened.add(() => store?.close());
  const ownClock = options.clock === undefined ? watchedClock(logger) : null;
  opened.add(() => ownClock?.stop());
  const clock = options.clock ?? (ownClock as Clock);
  const cluster = await clusterOf(store, config, logger, clock);
  opened.add(() => cluster?.stop());
  const world = await worldOf(store, cluster, config, logger, clock.nowMs());
  setClock(world, ownClock, logger);
  const log = new StoredLog(
    store ?? new MemoryStore({ keepsRecords: false }),
    logLimitsOf(config, store),
  );
  const counts: Counts = { log: logCounts(), journal: journalCounts(store) };
  const engine = new Engine({
    limits: config,
    log: measured(log, counts.log),
    clock,
    cluster: cluster ?? undefined,
    onBroken: ({ error, ...where }) => logger.error({ err: error, ...where }, 'filesystem stopped'),
  });
  opened.add(() => engine.halt());
  const parts = partsOf(config, options, { engine, clock, world, store, cluster });
  // Before the engine, which removes unmounted filesystems through the log.
  log.adopt(world);
  adopt(world, parts);
  cluster?.attach({ ...parts, log });
  if (store !== undefined) {
    // Only now: everything above can still refuse to start, and then the files must be unchanged.
    store.accept();
    await settle(store, log, world);
    opened.add(keepTimeNowAndThen(store, clock));
  }
  engine.start();
  parts.labs.start();
  const { tenants } = parts;
  if (tenants.get(defaultTenant) === undefined)
    await tenants.create(defaultTenant, {}, clock.nowMs());
  const streams = new Hub(streamLimitsOf(config));
  const requests = requestCounts();
  const counted = {
    version,
    durability: engine.durability,
    memory: engine.memory,
    labs: parts.labs.counts,
    stream: streams.counts,
    http: requests,
    clock: ownClock,
    ...counts,
  };
  const metrics = new Metrics({
    engine,
    tenants: parts.tenants,
    nowMs: clock.nowMs,
    server: counted,
    process: options.processMetrics === true,
  });
  const context = { ...parts, streams, metrics };
  const app = await createServer(context, {
    logger,
    loopback: isLoopback(config.host),
    page: options.page ?? builtPage,
    docs: options.docs ?? builtDocs,
    extend: (server) => timeRequests(server, requests),
    cluster: cluster === null ? null : (server) => cluster.register(server),
  });
  continueRemovals(context, logger);
  opened.add(() => closeWithin(app, config.drainMs));
  opened.add(() => parts.comparisons.close());
  opened.add(() => parts.bundleChecks.close());
  opened.add(() => parts.labs.close());
  const close = async () => {
    engine.drain();
    await cluster?.leave();
    parts.labs.drain();
    await opened.close();
  };
  return { app, context, engine, close };
}

/** A volatile server keeps the log in memory, because a fork needs the past. */
const logLimitsOf = (
  { snapshotEntries, snapshotBytes, pastBytesMax }: Config,
  store: Store | undefined,
): StoredLogLimits =>
  store === undefined
    ? { snapshotEntries, snapshotBytes: pastBytesMax / 4, pastBytes: pastBytesMax }
    : { snapshotEntries, snapshotBytes };

/** Null without a database that several servers share. Loads nothing then. */
async function clusterOf(
  store: Store | undefined,
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock,
): Promise<Cluster | null> {
  if (store?.durability !== 'engine') return null;
  const { Cluster } = await import('./cluster/cluster.ts');
  return new Cluster({
    store: store as ClusterStore,
    config,
    logger,
    nowMs: clock.nowMs,
    recovery: () => recoveryOf(config, logger),
  });
}

/** What the server has in memory when it starts. A node of a cluster begins without filesystems. */
function worldOf(
  store: Store | undefined,
  cluster: Cluster | null,
  config: Config,
  logger: FastifyBaseLogger,
  nowMs: number,
): World | Promise<World> {
  if (store === undefined) return emptyWorld(newTokenKey());
  return cluster === null ? recoverWorld(store, config, logger, nowMs) : recordsOf(store, nowMs);
}

/** Of nodes that start together on an empty database, the first one identifies it. */
async function recordsOf(store: Store, nowMs: number): Promise<World> {
  const world = await readRecords(store, nowMs);
  const made = world.corrections.filter(({ isNew }) => isNew === true);
  if (made.length === 0) return world;
  try {
    await store.records.put(made);
  } catch (error) {
    if (!(error instanceof JournalError) || error.kind !== 'taken') throw error;
  }
  return readRecords(store, nowMs);
}

const watchedClock = (logger: FastifyBaseLogger): SystemClock =>
  systemClock((byMs) =>
    logger.warn({ byMs }, 'the wall clock of this host jumped while the server ran'),
  );

/** Logical time must not run backwards, so it continues from the last time that was recorded. */
function setClock({ lastMs }: World, clock: SystemClock | null, logger: FastifyBaseLogger): void {
  if (clock === null) return;
  const aheadMs = lastMs - clock.nowMs();
  if (aheadMs > 0)
    logger.warn(
      { aheadMs },
      'the wall clock is behind the last recorded time; logical time continues from that time',
    );
  clock.atLeast(lastMs);
}

type Parts = Omit<AppContext, 'streams' | 'metrics'>;

/** What routes work with. Each part is still empty; adopt() fills it from the world. */
function partsOf(
  config: Config,
  options: ServiceOptions,
  given: {
    engine: Engine;
    clock: Clock;
    world: World;
    store: Store | undefined;
    cluster: Cluster | null;
  },
): Parts {
  const { engine, clock, world, store, cluster } = given;
  const records = store?.records ?? noRecords;
  // Those of tenants and tokens, which every node has in memory.
  const shared = cluster?.control.records ?? records;
  // The stream of a tenant has the filesystems of this node only, so its cursors are of this node.
  const epochOf = ({ epoch }: { epoch: string }) => (cluster === null ? epoch : newId());
  return {
    engine,
    tenants: new Tenants({
      quotas: defaultQuotas(config),
      tenantsMax: config.tenantsMax,
      records: shared,
      onCreated: (tenant) => engine.admit(tenant.name, tenant.account, epochOf(tenant)),
      onGone: ({ name }) => void engine.dismiss(name, () => Promise.resolve()),
    }),
    tokens: tokensOf(config, options.logger, world, shared),
    tickets: new Tickets(config.ticketsPerTenantMax),
    answers: new Answers(config, records, (bytes) => engine.memory.add(bytes)),
    bundleChecks: new BundleChecks(config),
    comparisons: new Comparisons(config),
    labs: new Labs(config, {
      // A volatile server keeps its labs in memory.
      store: store ?? new MemoryStore(),
      inMemory: store === undefined,
      inCluster: cluster !== null,
      engine,
      nowMs: clock.nowMs,
      onCrash: ({ error, ...where }) =>
        options.logger.error({ err: error, ...where }, 'a lab failed'),
    }),
    config,
    nowMs: clock.nowMs,
    checkReplies: options.checkReplies === true,
    cluster,
  };
}

function tokensOf(
  { operatorTokenFile }: Config,
  logger: FastifyBaseLogger,
  { tokenKey }: World,
  records: Records,
): Tokens {
  const tokens = new Tokens(tokenKey, records);
  if (operatorTokenFile === null) return tokens;
  const { token, made } = operatorTokenOf(operatorTokenFile);
  tokens.setOperator(token);
  if (made) logger.info({ file: operatorTokenFile }, 'created an operator token');
  return tokens;
}

/**
 * The order matters: a filesystem belongs to a tenant, and an answer to a tenant and often to an
 * operation of a filesystem.
 */
function adopt(world: World, { tenants, tokens, engine, answers, labs }: Parts): void {
  tenants.adopt(world);
  tokens.adopt(world);
  engine.adopt(world);
  labs.adopt(world, tenants.all());
  answers.adopt(world, becameOf(world, engine, tenants, labs));
}

/**
 * Call it after the world is accepted. Deletes the keys of unmounted filesystems, and writes the
 * corrections.
 */
async function settle(store: Store, log: StoredLog, { gone, corrections }: World): Promise<void> {
  for (const id of gone) void log.purge(id);
  if (corrections.length === 0) return;
  // On a full disk the next start writes them. Only a new store must get its record now, because a
  // store with flushes and no such record counts as damaged.
  if (store.full && store.next.group > 1) return;
  await store.records.put(corrections);
}

async function closeWithin(app: FastifyInstance, drainMs: number): Promise<void> {
  const closed = app.close();
  const late = setTimeout(() => app.connections.destroyAll(), drainMs);
  await closed;
  clearTimeout(late);
}

/** How often the time is recorded. A kill loses at most this much of it. */
const keepTimeMs = 60_000;

/** Records the time regularly. Returns a function that stops this and records it a last time. */
function keepTimeNowAndThen(store: Store, clock: Clock): () => Promise<void> {
  const keep = async () => {
    if (store.full) return;
    try {
      await store.records.put([clockRecord.change(recordKeys.clock, clock.nowMs())]);
    } catch (error) {
      // A failed journal ends the process by itself, and a metric shows a full disk. In both cases
      // at most a minute of the recorded time is lost.
      if (!(error instanceof JournalError)) throw error;
    }
  };
  const timer = setInterval(() => void keep(), keepTimeMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return keep();
  };
}

const recoveryOf = (config: Config, logger: FastifyBaseLogger): RecoveryOptions => ({
  events: {
    eventsMax: config.ringEventsMax,
    bytesMax: config.ringBytesMax,
    budget: { used: 0, max: () => config.memoryMax / 4 },
  },
  readBytesMax: config.readBytesKeptMax,
  onSkipped: (skipped) =>
    logger.warn(skipped, 'skipped an entry of the journal, as pinhole repair --skip asked'),
});

async function recoverWorld(
  store: Store,
  config: Config,
  logger: FastifyBaseLogger,
  nowMs: number,
): Promise<World> {
  const begin = performance.now();
  const world = await readWorld(store, { nowMs, ...recoveryOf(config, logger) });
  for (const { id, birth, error } of world.unrecovered)
    logger.error(
      { err: error, id, tenant: birth.tenant, filesystem: birth.args.name },
      'filesystem stopped: it could not be restored from its journal',
    );
  const { filesystems } = world;
  const entries = filesystems.reduce((sum, { tail }) => sum + tail.entries, 0);
  const ms = Math.round(performance.now() - begin);
  logger.info({ filesystems: filesystems.length, entries, ms }, 'recovered');
  return world;
}
