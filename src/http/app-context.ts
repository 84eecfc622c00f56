// The parts of the server that routes use.
import type { BundleChecks } from '../bundle/checks.ts';
import type { Comparisons } from '../compare/comparisons.ts';
import type { Config } from '../config.ts';
import type { Engine } from '../engine/engine.ts';
import type { Labs } from '../labs/labs.ts';
import type { Tenants } from '../tenants/tenants.ts';
import type { Tokens } from '../tenants/tokens.ts';
import type { Answers } from './answers.ts';
import type { MetricsSource } from './metrics-source.ts';
import type { Hub } from './stream/hub.ts';
import type { Tickets } from './tickets.ts';

/** A process of the cluster, as the API shows it. */
interface NodeView {
  id: string;
  name: string;
  url: string | null;
  release: string;
  live: boolean;
  leaving: boolean;
  places: number;
}

/** What routes see of the other nodes. */
export interface ClusterView {
  /** Every node, this one included, and how many filesystems it owns. */
  nodes(): Promise<NodeView[]>;
}

export interface AppContext {
  engine: Engine;
  tenants: Tenants;
  tokens: Tokens;
  tickets: Tickets;
  answers: Answers;
  bundleChecks: BundleChecks;
  comparisons: Comparisons;
  labs: Labs;
  streams: Hub;
  metrics: MetricsSource;
  /** Null if this server is the only one. */
  cluster: ClusterView | null;
  config: Config;
  nowMs(): number;
  /** For tests: every reply is parsed with its schema before it is sent. */
  checkReplies: boolean;
}
