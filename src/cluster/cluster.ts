// This process as a node of a cluster. It is made before the engine, because the engine asks it
// whether it may show state; it gets the other parts with attach(), and works from start() on.
import { hostname } from 'node:os';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { readFilesystem } from '../durable/read.ts';
import { answerRecord } from '../durable/records.ts';
import type { RecoveryOptions } from '../durable/replay.ts';
import type { StoredLog } from '../durable/stored-log.ts';
import type { CommandResult } from '../durable/world.ts';
import type { Engine, EngineCluster } from '../engine/engine.ts';
import type { Answers, Became } from '../http/answers.ts';
import type { ClusterView } from '../http/app-context.ts';
import { becameOf } from '../http/became.ts';
import type { ClusterStore, NodeRow } from '../journal/cluster-store.ts';
import { kernelVersion } from '../kernel/snapshot.ts';
import type { Tenants } from '../tenants/tenants.ts';
import type { Tokens } from '../tenants/tokens.ts';
import { version } from '../version.ts';
import { Heartbeat } from './beat.ts';
import { Control } from './control.ts';
import { type HopCounts, registerHop } from './hop.ts';
import { Places } from './places.ts';

export interface ClusterOptions {
  store: ClusterStore;
  config: Config;
  logger: FastifyBaseLogger;
  nowMs(): number;
  /** Called for each recovery, because each has its own budget of events. */
  recovery(): RecoveryOptions;
}

export interface ClusterParts {
  engine: Engine;
  log: StoredLog;
  tenants: Tenants;
  tokens: Tokens;
  answers: Answers;
}

/** The owner of a request that hangs is not waited for longer than any answer may take. */
const graceMs = 10_000;

export class Cluster implements EngineCluster, ClusterView {
  readonly node: string;
  readonly control: Control;
  readonly #options: ClusterOptions;
  readonly #heart: Heartbeat;
  /** Requests that wait for the answer of another node. */
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #hops: HopCounts = { hops: 0, misdirected: 0 };
  /** The results of commands of an earlier owner, by filesystem and by the key of the answer. */
  readonly #results = new Map<string, ReadonlyMap<string, CommandResult>>();
  #parts: ClusterParts | null = null;
  #places: Places | null = null;

  constructor(options: ClusterOptions) {
    const { store, config, logger, nowMs } = options;
    this.#options = options;
    this.node = config.nodeId ?? hostname();
    const warn = (what: string) => (error: unknown) => logger.warn({ err: error }, what);
    this.#heart = new Heartbeat({
      store,
      leaseMs: config.leaseMs,
      self: { name: this.node, release: version, kernelVersion },
      onRegain: async () => this.#places?.regain(),
      onBeat: (beat) => {
        this.control.changed(beat.version);
        this.#places?.beaten();
        this.#tellDead();
      },
      onFailed: warn('a beat failed'),
    });
    this.control = new Control({
      store,
      heart: this.#heart,
      nowMs,
      refresh: (world) => {
        this.#parts?.tenants.refresh(world);
        this.#parts?.tokens.refresh(world);
      },
      onFailed: warn('the tenants and tokens could not be read'),
    });
    store.onNotify = (channel) => {
      if (channel === 'places') this.#places?.changed();
      else if (this.#heart.started) void this.#heart.beat();
    };
  }

  get mayServe(): boolean {
    return this.#heart.lease.holds;
  }

  nextNumber(): Promise<number> {
    return this.#options.store.nextNumber();
  }

  attach(parts: ClusterParts): void {
    const { store, logger, recovery } = this.#options;
    const { engine, log, tenants, answers } = parts;
    this.#parts = parts;
    const places = new Places({
      store,
      heart: this.#heart,
      engine,
      logger,
      recover: (fs) => readFilesystem(store, fs, recovery()),
      adopt: (fs) => {
        const stopped = 'error' in fs;
        log.adopt({
          filesystems: stopped ? [] : [fs],
          unrecovered: stopped ? [fs] : [],
          pastEvents: new Map(),
        });
        if (!stopped) this.#results.set(fs.id, fs.results);
        engine.take(fs);
      },
      purge: (fs) => void log.purge(fs),
    });
    this.#places = places;
    engine.onChanged((fs) => {
      if (!fs.mounted) this.#results.delete(fs.id);
    });
    answers.elsewhere = {
      async get(record) {
        const body = await store.records.get(record);
        if (body === null) return null;
        const stored = answerRecord.decode(body, record);
        const { answer, became } = stored;
        // Only the journal of the filesystem says what became of it.
        if (answer === null && became !== null && 'id' in became) await places.bring(became.id);
        return stored;
      },
      becameOf: (record, became): Became => {
        const id = became !== null && 'id' in became ? became.id : '';
        const results = this.#results.get(id) ?? new Map();
        const filesystems = [{ id, results }];
        return becameOf({ filesystems, unrecovered: [] }, engine, tenants, null)(record, became);
      },
    };
  }

  /** Call it after authentication is registered. The node joins when the server listens. */
  async register(app: FastifyInstance): Promise<void> {
    const { config } = this.#options;
    await registerHop(app, {
      places: this.#places as Places,
      node: this.node,
      answerMs: config.waitMaxMs + graceMs,
      counts: this.#hops,
      onDead: (id, call) => this.#onDead(id, call),
    });
    app.addHook('onListen', async () => {
      const address = app.server.address();
      const port = typeof address === 'object' && address !== null ? address.port : config.port;
      await this.#heart.start(config.advertiseUrl ?? `http://${config.host}:${port}`);
    });
  }

  #onDead(id: string, call: () => void): () => void {
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(call));
    return () => waiting.delete(call);
  }

  #tellDead(): void {
    for (const [id, waiting] of this.#waiting) {
      if (!this.#heart.nodes.isDead(id)) continue;
      this.#waiting.delete(id);
      for (const call of [...waiting]) call();
    }
  }

  async nodes(): ReturnType<ClusterView['nodes']> {
    const { nodes } = this.#heart;
    const counts = new Map<string | null, number>();
    for (const { owner, tenant } of await this.#options.store.places())
      if (tenant !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    return nodes.all().map((node: NodeRow) => ({
      id: node.id,
      name: node.name,
      url: node.url,
      release: node.release,
      live: !nodes.isDead(node.id),
      leaving: node.leaving,
      places: counts.get(node.id) ?? 0,
    }));
  }

  /** Before a stop: other nodes can take the filesystems of this one. */
  async leave(): Promise<void> {
    if (this.#heart.started) await this.#places?.leave();
  }

  async stop(): Promise<void> {
    const { store } = this.#options;
    const own = this.#heart.nodes.get(store.owner);
    await this.#heart.stop();
    if (own !== undefined) await store.removeNode(own).catch(() => {});
  }
}
