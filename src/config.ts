// Every setting and every limit of the service, once: its flag, its environment variable, its
// default and its sentence. Unknown flags, unknown PINHOLE_* variables and values out of range are
// start-up errors.
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';

interface Setting<T> {
  parse: z.ZodType<T, string>;
  initial: T;
  doc: string;
  /** The default in words, where it depends on the machine. */
  words?: string;
}

const setting = <T>(
  parse: z.ZodType<T, string>,
  initial: T,
  doc: string,
  words?: string,
): Setting<T> => (words === undefined ? { parse, initial, doc } : { parse, initial, doc, words });

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
      .regex(/^[^/:]+$/, 'is a host name without a port')
      .toLowerCase(),
  ),
);
const origins = list.pipe(
  z.array(
    z
      .string()
      .refine(
        (one) => URL.canParse(one) && new URL(one).origin === one,
        'is an origin such as https://app.example, nothing behind it',
      ),
  ),
);

const day = 86_400_000;
const MiB = 1024 * 1024;

/**
 * What the accounted memory may be by default: half of what the machine, or the container, has, and
 * no more than the heap of this process can hold of records with room for garbage.
 */
function defaultMemoryMax(): number {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const heap = getHeapStatistics().heap_size_limit;
  return Math.max(64 * MiB, Math.floor(Math.min(machine / 2, heap * 0.5) / MiB) * MiB);
}

/** In the order in which the table of the README shows them. */
export const settings = {
  host: setting(
    text,
    '127.0.0.1',
    'Address to listen on. Anything but loopback needs an operator token.',
  ),
  port: setting(whole(0, 65_535), 8080, 'Port to listen on; 0 picks a free one.'),
  dataDir: setting(text, './pinhole-data', 'Where the journal lives; one server at a time.'),
  volatile: setting(flag, false, 'Keep nothing on disk.'),
  operatorTokenFile: setting(
    text.nullable() as z.ZodType<string | null, string>,
    null,
    'File with the operator token, mode 0600; made with a fresh token if it does not exist.',
  ),
  logLevel: setting(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
    'Least level that is logged.',
  ),
  allowedHosts: setting(
    hostNames,
    [],
    'Host names, comma-separated, that callers without a token may use besides those of loopback.',
  ),
  allowedOrigins: setting(
    origins,
    [],
    'Origins of web pages, comma-separated, that may call besides the same origin.',
  ),

  waitDefaultMs: setting(
    whole(0, 60_000),
    1000,
    'How long a request waits for a sleeping operation before it answers 202.',
  ),
  waitMaxMs: setting(whole(0, 3_600_000), 60_000, 'The longest wait that `Prefer: wait` gets.'),
  drainMs: setting(whole(0, 600_000), 5000, 'How long a stop waits for requests in flight.'),
  headersTimeoutMs: setting(whole(100, 600_000), 5000, 'Time to send the headers of a request.'),
  requestTimeoutMs: setting(whole(100, 3_600_000), 10_000, 'Time to send a whole request.'),
  keepAliveTimeoutMs: setting(
    whole(100, 3_600_000),
    72_000,
    'How long an idle connection stays open.',
  ),
  answerTimeoutMs: setting(
    whole(100, 3_600_000),
    60_000,
    'How long a client may take nothing of an answer before its connection is closed.',
  ),
  pipelineMax: setting(
    whole(0, 10_000),
    64,
    'Requests that may wait on one connection for the answer to the one before them.',
  ),
  connectionsMax: setting(whole(1, 1_000_000), 20_000, 'Open connections.'),
  headerBytesMax: setting(
    whole(1024, MiB),
    16_384,
    'Bytes of all headers of a request, and of its URL.',
  ),
  jsonBytesMax: setting(whole(1024, 64 * MiB), 262_144, 'Bytes of a JSON body.'),
  jsonDepthMax: setting(whole(4, 1000), 32, 'Depth of a JSON body.'),
  contentBytesMax: setting(
    whole(4096, 1024 * MiB),
    16 * MiB,
    'Bytes that one request reads or writes.',
  ),

  tenantsMax: setting(whole(1), 10_000, 'Tenants of the server.'),
  tokensPerTenantMax: setting(whole(1), 1000, 'Tokens of one tenant, expired ones not counted.'),
  filesystemsMax: setting(whole(1), 20_000, 'Filesystems of the server.'),
  deviceBytesMax: setting(whole(65_536, 2 ** 40), 2 ** 36, 'Bytes of the largest device.'),
  quotaFilesystems: setting(whole(0), 1000, 'Quota of a tenant: filesystems.'),
  quotaBytes: setting(whole(0), 2 ** 40, 'Quota of a tenant: bytes of all its devices.'),
  quotaBlocks: setting(whole(0), 2 ** 32, 'Quota of a tenant: blocks of 4 KiB that its files own.'),
  quotaFiles: setting(whole(0), 1_000_000, 'Quota of a tenant: files.'),
  quotaMappings: setting(whole(0), 1_000_000, 'Quota of a tenant: mappings.'),
  quotaPins: setting(whole(0), 1_000_000, 'Quota of a tenant: pins.'),
  quotaSleepers: setting(whole(0), 10_000, 'Quota of a tenant: sleeping operations.'),

  quotaMemory: setting(
    whole(0),
    0,
    'Quota of a tenant: bytes of memory that the server holds for it; 0 is a quarter of `--memory-max`.',
    'a quarter of --memory-max',
  ),

  memoryMax: setting(
    whole(16 * MiB),
    defaultMemoryMax(),
    'Bytes of memory that the server holds for all tenants, by its own account.',
    'half of the memory of the machine, or of the heap limit if that is less',
  ),
  inboxMax: setting(whole(1), 10_000, 'Commands that wait for their turn in one filesystem.'),
  batchMax: setting(whole(1), 512, 'Commands that one filesystem takes in one turn.'),
  tasksMax: setting(whole(1), 10_000, 'Operations of one filesystem that run or sleep.'),
  endedOperationsMax: setting(
    whole(0),
    1000,
    'Ended operations of one filesystem that stay readable.',
  ),
  endedOperationMs: setting(
    whole(0, 30 * day),
    600_000,
    'How long an ended operation stays readable.',
  ),
  readBytesKeptMax: setting(
    whole(0, 1024 * MiB),
    4 * MiB,
    'Bytes of ended reads that were answered 202 which one filesystem keeps; the oldest go first.',
  ),
  extentsPerFileMax: setting(whole(1), 10_000_000, 'Extents of one file.'),
  pagesPerPinMax: setting(whole(1), 65_536, 'Pages of one pin, and of one fault.'),
  pinnedReferencesMax: setting(
    whole(1),
    4_194_304,
    'Page references that all pins of one filesystem hold.',
  ),
  anonPagesMax: setting(whole(1), 16_384, 'Private copies of pages of one filesystem; 4 KiB each.'),
  stepsPerApplyMax: setting(
    whole(1),
    2000,
    'Steps that operations of one filesystem take before others have their turn; what is left goes on in the next turn.',
  ),

  diskReserveBytes: setting(
    whole(MiB, 1024 * MiB),
    16 * MiB,
    'Bytes kept free for the day the disk is full, so that what gives back can still be written.',
  ),
  snapshotEntries: setting(
    whole(100),
    20_000,
    'Commands of one filesystem after which its state is written, more if it is big.',
  ),
  snapshotBytes: setting(whole(65_536), 64 * MiB, 'The same in bytes of the journal.'),

  idempotencyKeysMax: setting(
    whole(1),
    10_000,
    'Answers to an Idempotency-Key that are kept for one tenant.',
  ),
  idempotencyMs: setting(
    whole(1, 30 * day),
    day,
    'How long the answer to an Idempotency-Key is kept.',
  ),
  idempotencyAnswerBytesMax: setting(
    whole(0, 64 * MiB),
    65_536,
    'Bytes of the longest answer that is kept; of a longer one only the key is.',
  ),
  idempotencyBytesMax: setting(
    whole(0),
    16 * MiB,
    'Bytes of all answers that are kept for one tenant.',
  ),

  metricsTargetsMax: setting(
    whole(0, 10_000),
    100,
    'Filesystems that service discovery sends Prometheus to, those with trouble first; each is some 200 series.',
  ),
  ringEventsMax: setting(
    whole(16, 10_000_000),
    65_536,
    'Events of one filesystem that a reader can come back to.',
  ),
  ringBytesMax: setting(
    whole(65_536),
    16 * MiB,
    'Bytes that the events of one filesystem may take, before the oldest are forgotten.',
  ),
  tenantRingBytesMax: setting(
    whole(65_536),
    16 * MiB,
    'The same for the stream of a whole tenant.',
  ),
  tenantRingEventsMax: setting(
    whole(16, 10_000_000),
    65_536,
    'The same for the stream of a whole tenant.',
  ),
  streamClientsMax: setting(whole(0), 10_000, 'Open event streams.'),
  streamClientsPerTenantMax: setting(whole(0), 2000, 'Open event streams of one tenant.'),
  streamSubscriptionsMax: setting(whole(1, 10_000), 64, 'Subscriptions of one event stream.'),
  ticketsPerTenantMax: setting(
    whole(1, 1_000_000),
    1000,
    'Unused tickets for event streams of one tenant.',
  ),
  streamReadersMax: setting(whole(1), 100_000, 'Subscriptions of all event streams.'),
  streamMessagesPerSecondMax: setting(
    whole(1),
    1000,
    'Messages that a client may send on a WebSocket in a second.',
  ),
  streamFrameEventsMax: setting(
    whole(1, 100_000),
    512,
    'Events of one frame; those of the last command in it may be more.',
  ),
  streamFrameBytesMax: setting(
    whole(256, 64 * MiB),
    65_536,
    'Bytes of one frame; the last command in it may need more.',
  ),
  streamBookmarkMs: setting(
    whole(10, 600_000),
    1000,
    'How soon an event stream is told of progress through events that it does not show.',
  ),
  streamBufferBytesMax: setting(
    whole(1024, 1024 * MiB),
    262_144,
    'Bytes queued for one event stream before it is left to read the log later.',
  ),
  streamBuffersBytesMax: setting(
    whole(1024, 2 ** 36),
    16 * MiB,
    'Bytes queued for all event streams; each may have its part of it, and one frame.',
  ),
  streamMessageBytesMax: setting(
    whole(128, MiB),
    16_384,
    'Bytes of one message of a client on a WebSocket.',
  ),
  streamHeartbeatMs: setting(
    whole(10, 600_000),
    15_000,
    'Time between two pings of a WebSocket; two misses close it.',
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

function commandLine(): Command {
  const command = new Command('pinhole')
    .description('Simulated DAX filesystems over HTTP: truncate and hole punch against page pins.')
    .version('0.1.0')
    .addHelpText(
      'after',
      '\nIf the server refuses to start on its journal, see pinhole repair --help.',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const name of names) {
    const { initial, doc, parse, words } = settings[name] as Setting<unknown>;
    // A switch may carry a value, so that PINHOLE_VOLATILE=0 says no.
    const option = new Option(
      `${flagOf(name)} ${(parse as unknown) === flag ? '[bool]' : '<value>'}`,
      `${doc} (${words ?? shown(initial)})`,
    );
    command.addOption(option.env(envOf(name)).preset('true'));
  }
  return command;
}

/** Throws ConfigError, or commander's own error with exit code 0 after --help and --version. */
export function readConfig(argv: readonly string[]): Config {
  const known = new Set(names.map(envOf));
  const strangers = Object.keys(process.env).filter(
    (name) => name.startsWith('PINHOLE_') && !known.has(name),
  );
  if (strangers.length > 0) throw new ConfigError(`unknown setting: ${strangers.join(', ')}`);
  const command = commandLine();
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0)
      throw new ConfigError(error.message);
    throw error;
  }
  const given = command.opts<Record<string, string>>();
  return Object.fromEntries(
    names.map((name) => {
      const value = given[name];
      if (value === undefined) return [name, settings[name].initial];
      const parsed = settings[name].parse.safeParse(value);
      if (parsed.success) return [name, parsed.data];
      throw new ConfigError(
        `${flagOf(name)} (${envOf(name)}): ${parsed.error.issues.map((issue) => issue.message).join('; ')}`,
      );
    }),
  ) as Config;
}

/** Every setting at its default. */
export function defaultConfig(overrides: Partial<Config> = {}): Config {
  return {
    ...(Object.fromEntries(names.map((name) => [name, settings[name].initial])) as Config),
    ...overrides,
  };
}

/** The table of the README. */
export function settingsTable(): string {
  const rows = names.map(
    (name) =>
      `| \`${flagOf(name)}\` | \`${envOf(name)}\` | ${(settings[name] as Setting<unknown>).words ?? shown(settings[name].initial)} | ${settings[name].doc} |`,
  );
  return ['| flag | environment | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}
