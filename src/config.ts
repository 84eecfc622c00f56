// Every setting and limit of the service: flag, environment variable, default and description.
// Unknown flags, unknown PINHOLE_* variables and values out of range stop the start.
import { availableParallelism, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { byQuota, type QuotaName, type Quotas, quotaNames, quotaTable } from './tenants/quotas.ts';

interface Setting<T> {
  parse: z.ZodType<T, string>;
  initial: T;
  doc: string;
  /** The default as the help shows it. */
  shown: string;
}

/** `shown` describes a default that depends on the machine. */
const setting = <T>(
  parse: z.ZodType<T, string>,
  initial: T,
  doc: string,
  shown: string = inWords(initial),
): Setting<T> => ({ parse, initial, doc, shown });

function inWords(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

const whole = (min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const text = z.string().min(1).max(4096);
const flag = z
  .enum(['1', '0', 'true', 'false', ''])
  .transform((value) => value === '1' || value === 'true');
const list = z
  .string()
  .transform((value) =>
    value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])),
  );
const hostNames = list.pipe(
  z.array(
    z
      .string()
      .regex(/^[^/:]+$/, 'must be a host name without a port')
      .toLowerCase(),
  ),
);
const origins = list.pipe(
  z.array(
    z
      .string()
      .refine(
        (one) => URL.canParse(one) && new URL(one).origin === one,
        'must be an origin without a path, such as https://app.example',
      ),
  ),
);

const day = 86_400_000;
const MiB = 1024 * 1024;

/**
 * Half of the memory of the machine or container, but at most half of the heap limit, because
 * records live on the JavaScript heap and garbage needs the rest.
 */
function defaultMemoryMax(): number {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const heap = getHeapStatistics().heap_size_limit;
  return Math.max(64 * MiB, Math.floor(Math.min(machine / 2, heap * 0.5) / MiB) * MiB);
}

type QuotaSetting = `quota${Capitalize<QuotaName>}`;
const quotaSetting = (name: QuotaName) =>
  `quota${name.charAt(0).toUpperCase()}${name.slice(1)}` as QuotaSetting;

/** A setting for the default of each quota. */
const quotaSettings = Object.fromEntries(
  quotaNames.map((name) => {
    const { initial, counts } = quotaTable[name];
    const doc = `Default quota of a tenant: ${counts}.`;
    const ofMemory = setting(
      whole(0),
      initial,
      `${doc} 0 means a quarter of \`--memory-max\`.`,
      'a quarter of --memory-max',
    );
    return [quotaSetting(name), name === 'memory' ? ofMemory : setting(whole(0), initial, doc)];
  }),
) as Record<QuotaSetting, Setting<number>>;

/** The quotas of a tenant that is created without quotas of its own. */
export function defaultQuotas(config: Config): Quotas {
  const quotas = byQuota((name) => config[quotaSetting(name)]);
  return quotas.memory === 0 ? { ...quotas, memory: Math.floor(config.memoryMax / 4) } : quotas;
}

/** In the order in which the table of docs/settings.md shows them. */
export const settings = {
  host: setting(
    text,
    '127.0.0.1',
    'Address to listen on. Any address other than loopback requires --operator-token-file.',
  ),
  port: setting(whole(0, 65_535), 8080, 'Port to listen on; 0 picks a free port.'),
  dataDir: setting(
    text,
    './pinhole-data',
    'Directory of the journal. Only one server at a time can use it.',
  ),
  volatile: setting(flag, false, 'Store nothing on disk; all state is lost when the process ends.'),
  operatorTokenFile: setting(
    text.nullable() as z.ZodType<string | null, string>,
    null,
    'File with the operator token, mode 0600. If it does not exist, it is created with a new ' +
      'token.',
  ),
  logLevel: setting(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
    'Lowest level that is logged. `debug` also logs each request.',
  ),
  auditReleases: setting(
    flag,
    false,
    'Also write a line of the audit log for each unpin and munmap. All other DELETEs, and changes ' +
      'of tenants, quotas and tokens, always have one.',
  ),
  allowedHosts: setting(
    hostNames,
    [],
    'Comma-separated host names that callers without a token may use, in addition to the ' +
      'loopback names.',
  ),
  allowedOrigins: setting(
    origins,
    [],
    'Comma-separated origins of web pages that may call the server, in addition to its own origin.',
  ),
  trustProxy: setting(
    flag,
    false,
    'The server is only reached through a reverse proxy, whose X-Forwarded-Prefix is put before the ' +
      'paths in answers. The page cannot stand under a prefix.',
  ),

  clusterUrlFile: setting(
    text.nullable() as z.ZodType<string | null, string>,
    null,
    'File with the URLs of one PostgreSQL database, one on each line, mode 0600. The server then ' +
      'keeps everything there, and shares the filesystems with every other server that has the ' +
      'same database. Requires --operator-token-file.',
  ),
  nodeId: setting(
    z
      .string()
      .regex(/^[\w.-]{1,253}$/, 'must be a name of letters, digits, dots and hyphens')
      .nullable() as z.ZodType<string | null, string>,
    null,
    'Name of this node of a cluster, the same after a restart. Answers have it in Pinhole-Node.',
    'the name of the host',
  ),
  advertiseUrl: setting(
    z
      .string()
      .refine(
        (one) => URL.canParse(one) && new URL(one).origin === one,
        'must be an origin without a path, such as http://10.0.0.7:8080',
      )
      .nullable() as z.ZodType<string | null, string>,
    null,
    'URL under which the other nodes of a cluster reach this one.',
    'http://host:port',
  ),
  leaseMs: setting(
    whole(300, 600_000),
    3000,
    'How long a node of a cluster must give no sign before others take its filesystems.',
  ),

  waitDefaultMs: setting(
    whole(0, 60_000),
    1000,
    'How long a request waits for a sleeping operation before it is answered 202.',
  ),
  waitMaxMs: setting(whole(0, 3_600_000), 60_000, 'Longest wait that `Prefer: wait` can ask for.'),
  drainMs: setting(
    whole(0, 600_000),
    5000,
    'How long a stopping server waits for requests in flight.',
  ),
  headersTimeoutMs: setting(
    whole(100, 600_000),
    5000,
    'Time for a client to send the headers of a request.',
  ),
  requestTimeoutMs: setting(
    whole(100, 3_600_000),
    10_000,
    'Time for a client to send a whole request.',
  ),
  keepAliveTimeoutMs: setting(
    whole(100, 3_600_000),
    72_000,
    'How long an idle connection stays open.',
  ),
  answerTimeoutMs: setting(
    whole(100, 3_600_000),
    60_000,
    'How long a client may stop reading an answer before the server closes its connection.',
  ),
  pipelineMax: setting(
    whole(0, 10_000),
    64,
    'Maximum number of requests on one connection that wait for answers to earlier requests.',
  ),
  connectionsMax: setting(whole(1, 1_000_000), 20_000, 'Maximum number of open connections.'),
  headerBytesMax: setting(
    whole(1024, MiB),
    16_384,
    'Maximum size of the URL and all headers of a request, in bytes.',
  ),
  jsonBytesMax: setting(whole(1024, 64 * MiB), 262_144, 'Maximum size of a JSON body, in bytes.'),
  jsonDepthMax: setting(whole(4, 1000), 32, 'Maximum nesting depth of a JSON body.'),
  contentBytesMax: setting(
    whole(4096, 1024 * MiB),
    16 * MiB,
    'Maximum number of bytes that one request reads or writes.',
  ),

  tenantsMax: setting(whole(1), 10_000, 'Maximum number of tenants.'),
  tenantRequestsPerSecondMax: setting(
    whole(0, 1_000_000),
    0,
    'Maximum number of requests of one tenant in one second. 0 means no maximum. Event streams, ' +
      '/livez, /readyz, /metrics and the routes of the operator do not count.',
    'no maximum',
  ),
  tokensPerTenantMax: setting(whole(1), 1000, 'Maximum number of unexpired tokens of one tenant.'),
  filesystemsMax: setting(whole(1), 20_000, 'Maximum number of filesystems of the server.'),
  deviceBytesMax: setting(whole(65_536, 2 ** 40), 2 ** 36, 'Maximum size of a device, in bytes.'),
  ...quotaSettings,
  memoryMax: setting(
    whole(16 * MiB),
    defaultMemoryMax(),
    'Maximum memory that the server holds for all tenants, in bytes. The server counts what ' +
      'it stores and reserves; the process needs more.',
    'half of the memory of the machine, or half of the heap limit if that is less',
  ),
  inboxMax: setting(whole(1), 10_000, 'Maximum number of commands that wait for one filesystem.'),
  batchMax: setting(
    whole(1),
    512,
    'Maximum number of commands that one filesystem executes in one batch.',
  ),
  tasksMax: setting(
    whole(1),
    10_000,
    'Maximum number of operations of one filesystem that run or sleep.',
  ),
  endedOperationsMax: setting(
    whole(0),
    1000,
    'Maximum number of ended operations of one filesystem that stay readable.',
  ),
  endedOperationMs: setting(
    whole(0, 30 * day),
    600_000,
    'How long an ended operation stays readable.',
  ),
  readBytesKeptMax: setting(
    whole(0, 1024 * MiB),
    4 * MiB,
    'Maximum bytes that one filesystem stores for reads that were answered 202 and have ended. ' +
      'The oldest are discarded first.',
  ),
  extentsPerFileMax: setting(whole(1), 10_000_000, 'Maximum number of extents of one file.'),
  pagesPerPinMax: setting(
    whole(1),
    65_536,
    'Maximum number of pages of one pin, and of one fault.',
  ),
  pinnedReferencesMax: setting(
    whole(1),
    4_194_304,
    'Maximum number of page references that all pins of one filesystem hold.',
  ),
  anonPagesMax: setting(
    whole(1),
    16_384,
    'Maximum number of private page copies of one filesystem, 4 KiB each.',
  ),
  stepsPerApplyMax: setting(
    whole(1),
    2000,
    'Maximum number of steps that the operations of one filesystem take before other ' +
      'filesystems have their turn. The remaining steps follow in later turns.',
  ),

  walkStepsMax: setting(
    whole(1, 10_000),
    1000,
    'Maximum number of scheduler steps that one request takes.',
  ),
  exploreStatesMax: setting(
    whole(1, 20_000),
    2000,
    'Maximum number of states that the search for the verdicts of choices visits.',
  ),
  exploreMs: setting(
    whole(1, 60_000),
    2000,
    'Maximum computing time of the search for the verdicts of choices, in milliseconds.',
  ),
  comparisonsMax: setting(
    whole(1, 1000),
    8,
    'Maximum number of comparisons of strategies that run or wait. One runs at a time.',
  ),
  comparisonsPerTenantMax: setting(
    whole(1, 1000),
    2,
    'Maximum number of comparisons of one tenant that run or wait.',
  ),
  bundleMs: setting(
    whole(100, 3_600_000),
    60_000,
    'Maximum time of the check of a bundle, in milliseconds. A bundle also waits no longer than ' +
      'this for the checks before it.',
  ),
  bundleHeapBytes: setting(
    whole(32 * MiB),
    1024 * MiB,
    'Maximum heap of the thread that checks bundles, in bytes.',
  ),
  compareCommandsMax: setting(
    whole(1, 1_000_000),
    10_000,
    'Maximum number of commands of one comparison.',
  ),
  compareEntriesMax: setting(
    whole(1),
    200_000,
    'Maximum number of turns that the commands of a comparison take under one strategy. A turn ' +
      'has at most --steps-per-apply-max steps.',
  ),
  compareBytesMax: setting(
    whole(65_536),
    64 * MiB,
    'Maximum memory of the simulated machine of a comparison, in bytes.',
  ),
  compareHeapBytes: setting(
    whole(32 * MiB),
    512 * MiB,
    'Maximum heap of the thread that runs comparisons, in bytes.',
  ),
  compareMs: setting(whole(1, 3_600_000), 20_000, 'Maximum time of one comparison.'),
  labThreads: setting(
    whole(1, 256),
    Math.max(1, availableParallelism() - 1),
    'Threads that run labs, which is the number of runs at the same time.',
    'the cores of the machine, less one',
  ),
  labsMax: setting(whole(1, 100_000), 64, 'Maximum number of labs of the server that wait or run.'),
  labHeapBytes: setting(
    whole(32 * MiB),
    512 * MiB,
    'Maximum heap of each thread that runs labs, in bytes.',
  ),
  labRunMs: setting(
    whole(100, 3_600_000),
    120_000,
    'Maximum time of one run of a lab: one seed under one strategy.',
  ),
  labTaskMs: setting(
    whole(100, 3_600_000),
    20_000,
    'Maximum time to check the request of a lab, or to make the CSV of its result or the bundle of ' +
      'a finding.',
  ),
  labResultBytesMax: setting(
    whole(65_536, 256 * MiB),
    16 * MiB,
    'Maximum size of the result of a lab, in bytes.',
  ),

  diskReserveBytes: setting(
    whole(MiB, 1024 * MiB),
    16 * MiB,
    'Disk space that the server reserves, so that operations that free space can still be ' +
      'logged when the disk is full.',
  ),
  snapshotEntries: setting(
    whole(100),
    20_000,
    'Number of commands of one filesystem after which a snapshot is written. A filesystem ' +
      'with a large state gets snapshots less often.',
  ),
  snapshotBytes: setting(
    whole(65_536),
    64 * MiB,
    'Bytes of journal of one filesystem after which a snapshot is written. A filesystem with ' +
      'a large state gets snapshots less often.',
  ),

  pastBytesMax: setting(
    whole(65_536),
    16 * MiB,
    'Maximum number of bytes in which a volatile server keeps the commands and snapshots of one ' +
      'filesystem, from which a fork is made. Above that it forgets them.',
  ),

  spanEntriesMax: setting(
    whole(1, 10_000_000),
    100_000,
    'Maximum number of commands in a bundle or a script.',
  ),

  idempotencyKeysMax: setting(
    whole(1),
    10_000,
    'Maximum number of Idempotency-Keys that are stored for one tenant.',
  ),
  idempotencyMs: setting(
    whole(1, 30 * day),
    day,
    'How long an Idempotency-Key and its answer are stored.',
  ),
  idempotencyAnswerBytesMax: setting(
    whole(0, 64 * MiB),
    65_536,
    'Maximum size of a stored answer, in bytes. For a longer answer only its key is stored.',
  ),
  idempotencyBytesMax: setting(
    whole(0),
    16 * MiB,
    'Maximum bytes of all stored answers of one tenant.',
  ),

  metricsTargetsMax: setting(
    whole(0, 10_000),
    100,
    'Maximum number of filesystems that service discovery lists for Prometheus, and of tenants ' +
      'whose quotas it shows. Filesystems with problems come first. Each has about 620 series.',
  ),
  ringEventsMax: setting(
    whole(16, 10_000_000),
    65_536,
    'Maximum number of events of one filesystem that stay readable.',
  ),
  ringBytesMax: setting(
    whole(65_536),
    16 * MiB,
    'Maximum bytes of events of one filesystem that stay readable. The oldest are discarded first.',
  ),
  tenantRingBytesMax: setting(
    whole(65_536),
    16 * MiB,
    'Like --ring-bytes-max, but for the event stream of a tenant.',
  ),
  tenantRingEventsMax: setting(
    whole(16, 10_000_000),
    65_536,
    'Like --ring-events-max, but for the event stream of a tenant.',
  ),
  streamClientsMax: setting(whole(0), 10_000, 'Maximum number of open event streams.'),
  streamClientsPerTenantMax: setting(
    whole(0),
    2000,
    'Maximum number of open event streams of one tenant.',
  ),
  streamSubscriptionsMax: setting(
    whole(1, 10_000),
    64,
    'Maximum number of subscriptions of one event stream.',
  ),
  ticketsPerTenantMax: setting(
    whole(1, 1_000_000),
    1000,
    'Maximum number of unused tickets for event streams of one tenant.',
  ),
  streamReadersMax: setting(
    whole(1),
    100_000,
    'Maximum number of subscriptions of all event streams.',
  ),
  streamMessagesPerSecondMax: setting(
    whole(1),
    1000,
    'Maximum number of messages that a client may send on a WebSocket in one second.',
  ),
  streamFrameEventsMax: setting(
    whole(1, 100_000),
    512,
    'Number of events after which a frame ends. The events of one command are never split.',
  ),
  streamFrameBytesMax: setting(
    whole(256, 64 * MiB),
    65_536,
    'Bytes after which a frame ends. The events of one command are never split.',
  ),
  streamBookmarkMs: setting(
    whole(10, 600_000),
    1000,
    'How soon an event stream reports its position when the filter hides all new events.',
  ),
  streamBufferBytesMax: setting(
    whole(1024, 1024 * MiB),
    262_144,
    'Maximum bytes queued for one event stream. Further events stay in the log until the ' +
      'client has read more.',
  ),
  streamBuffersBytesMax: setting(
    whole(1024, 2 ** 36),
    16 * MiB,
    'Maximum bytes queued for all event streams together; each stream gets an equal share, ' +
      'and at least one frame.',
  ),
  streamMessageBytesMax: setting(
    whole(128, MiB),
    16_384,
    'Maximum size of a message that a client sends on a WebSocket, in bytes.',
  ),
  streamHeartbeatMs: setting(
    whole(10, 600_000),
    15_000,
    'Time between two pings of a WebSocket. After two unanswered pings the server closes it.',
  ),
};

export type Config = {
  -readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

/** A setting that cannot be used. The message is for the person who started the server. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const names = Object.keys(settings) as (keyof Config)[];
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
export const envOf = (name: string): string =>
  `PINHOLE_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/** Adds an option for each setting. */
export function addSettings(command: Command): Command {
  for (const name of names) {
    const { doc, parse, shown } = settings[name];
    // A switch takes an optional value, because PINHOLE_VOLATILE=0 must switch it off.
    const option = new Option(
      `${flagOf(name)} ${(parse as unknown) === flag ? '[bool]' : '<value>'}`,
      `${doc} (${shown})`,
    );
    command.addOption(option.env(envOf(name)).preset('true'));
  }
  return command;
}

/** The settings among the parsed options of a command. Throws a ConfigError. */
export function configOf(given: Readonly<Record<string, string | undefined>>): Config {
  const strangers = unknownVariables(process.env);
  if (strangers.length > 0) throw new ConfigError(`unknown setting: ${strangers.join(', ')}`);
  return Object.fromEntries(
    names.map((name) => {
      const value = given[name];
      if (value === undefined) return [name, settings[name].initial];
      const parsed = settings[name].parse.safeParse(value);
      if (parsed.success) return [name, parsed.data];
      throw new ConfigError(
        `${flagOf(name)} (${envOf(name)}): ` +
          `${parsed.error.issues.map((issue) => issue.message).join('; ')}`,
      );
    }),
  ) as Config;
}

/** The settings of a server, of its command line without a subcommand. Throws a ConfigError. */
export function readConfig(argv: readonly string[]): Config {
  const command = addSettings(new Command('serve'))
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0)
      throw new ConfigError(error.message);
    throw error;
  }
  return configOf(command.opts());
}

/** Environment variables of the commands that talk to a server. A server ignores them. */
export const clientVariables = {
  url: { name: 'PINHOLE_URL', doc: 'URL of the server' },
  tokenFile: { name: 'PINHOLE_TOKEN_FILE', doc: 'file with the token' },
  context: { name: 'PINHOLE_CONTEXT', doc: 'context with URL and token' },
  fs: { name: 'PINHOLE_FS', doc: 'the filesystem' },
} as const;

/** Variables of our prefix that neither the server nor a command knows, such as typing errors. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set([
    ...names.map(envOf),
    ...Object.values(clientVariables).map(({ name }) => name as string),
  ]);
  return Object.keys(env).filter((name) => name.startsWith('PINHOLE_') && !known.has(name));
}

/** Every setting at its default. */
export function defaultConfig(overrides: Partial<Config> = {}): Config {
  return {
    ...(Object.fromEntries(names.map((name) => [name, settings[name].initial])) as Config),
    ...overrides,
  };
}

/** The table of docs/settings.md. */
export function settingsTable(): string {
  const rows = names.map((name) => {
    const { doc, shown } = settings[name];
    return `| \`${flagOf(name)}\` | \`${envOf(name)}\` | ${shown} | ${doc} |`;
  });
  return ['| flag | environment | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
