// Connections to the primary of a PostgreSQL database, which is one of several addresses.
import { Socket } from 'node:net';
import { Client, DatabaseError, types } from 'pg';
import { type ConnectionOptions, parse, toClientConfig } from 'pg-connection-string';
import { JournalError } from './journal-error.ts';

const oldestServer = 150_000;

/** `int8` as a number: no count here exceeds 2^53. */
const int8 = 20;

interface Session {
  standby: boolean;
  pid: number;
  server: number;
}

/**
 * Settings of a session. A commit waits for the synchronous standby, and warnings are sent: one
 * with an answer says that the wait was called off. The times keep a session from waiting long
 * after its server has given up. Without sequential scans no plan depends on statistics; their high estimates would
 * have each statement compiled, which takes longer than to run it.
 */
const begin = `select pg_is_in_recovery() as standby, pg_backend_pid() as pid,
  current_setting('server_version_num')::int as server,
  set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'remote_apply' then 'remote_apply' else 'on' end, false),
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('default_transaction_read_only', 'off', false),
  set_config('client_min_messages', 'warning', false),
  set_config('search_path', 'pinhole', false),
  set_config('lock_timeout', $1, false),
  set_config('statement_timeout', '0', false),
  set_config('idle_in_transaction_session_timeout', '0', false),
  set_config('jit', 'off', false),
  set_config('enable_seqscan', 'off', false)`;

/** The connection broke, or there was no answer in time: it is unknown what was done. */
class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** A statement succeeded with a warning, so it may not be durable. */
class Noticed extends Error {
  override readonly name = 'Noticed';
}

export type Row = Record<string, unknown>;

export interface Statement {
  /** Prepared under this name at its first use. */
  name: string;
  text: string;
}

export class Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #answerMs: number;
  /** `the database NAME at HOST`, without the password. */
  readonly name: string;
  readonly url: string;
  pid = 0;
  #notice: string | null = null;
  #broken: Error | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    client: Client,
    socket: Socket,
    names: { name: string; url: string },
    answerMs: number,
  ) {
    this.#client = client;
    this.#socket = socket;
    this.name = names.name;
    this.url = names.url;
    this.#answerMs = answerMs;
    client.on('error', (error) => {
      this.#broken = error;
    });
    client.on('end', () => {
      this.#broken ??= new Error('the connection was closed');
    });
    client.on('notice', (notice) => {
      this.#notice = notice.message ?? 'a warning without a text';
    });
  }

  get broken(): boolean {
    return this.#broken !== null;
  }

  #whyBroken(): string | null {
    return this.#broken?.message ?? null;
  }

  onMessage(call: (channel: string) => void): void {
    this.#client.on('notification', ({ channel }) => call(channel));
  }

  onEnd(call: () => void): void {
    this.#client.on('end', call);
  }

  /** After the statements before it. Rejects with Unanswered, or with the error of the database. */
  run<T extends Row>(
    statement: string | Statement,
    values?: readonly unknown[],
    { answerMs = this.#answerMs } = {},
  ): Promise<T[]> {
    const rows = this.#last.then(() => this.#run<T>(statement, values, answerMs));
    this.#last = rows.catch(() => {});
    return rows;
  }

  async #run<T extends Row>(
    statement: string | Statement,
    values: readonly unknown[] | undefined,
    answerMs: number,
  ): Promise<T[]> {
    const broken = this.#whyBroken();
    if (broken !== null) throw new Unanswered(broken);
    const query = typeof statement === 'string' ? { text: statement } : statement;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.destroy(new Error(`no answer in ${answerMs} ms`));
    }, answerMs);
    try {
      const given = values === undefined ? query : { ...query, values: [...values] };
      const { rows } = await this.#client.query<T>(given);
      return rows;
    } catch (error) {
      if (codeOf(error) !== null && !late && !this.broken) throw error;
      throw new Unanswered(this.#whyBroken() ?? messageOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same for a change that must be durable. At most one may run at a time. */
  async change<T extends Row>(
    statement: string | Statement,
    values: readonly unknown[],
  ): Promise<T[]> {
    this.#notice = null;
    const rows = await this.run<T>(statement, values);
    // Read as a field again, because the callback above sets it.
    const notice = this.#notice as string | null;
    if (notice !== null) throw new Noticed(notice);
    return rows;
  }

  destroy(why: Error): void {
    this.#broken ??= why;
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    const late = setTimeout(() => this.#socket.destroy(), 1000);
    await this.#client.end().catch(() => {});
    clearTimeout(late);
  }
}

export interface PrimaryOptions {
  /** Of one database; at most one of them is the primary. */
  urls: readonly string[];
  /** Names this process in pg_stat_activity. */
  application: string;
  /** When a statement without an answer counts as unanswered. */
  answerMs: number;
}

export class Primary {
  readonly #options: PrimaryOptions;
  readonly #targets: readonly Target[];

  /** Throws `database` if a URL is wrong. */
  constructor(options: PrimaryOptions) {
    this.#options = options;
    this.#targets = options.urls.map(targetOf);
  }

  get answerMs(): number {
    return this.#options.answerMs;
  }

  /** `the database NAME at HOST`, or at several hosts. */
  get name(): string {
    const [first] = this.#targets;
    const hosts = this.#targets.map(({ host }) => host).join(' and ');
    return `the database ${first?.config.database ?? ''} at ${hosts}`;
  }

  get user(): string | undefined {
    return this.#targets[0]?.config.user;
  }

  /** Asks all addresses at once. Rejects with `database` if none is a primary. */
  async connect(): Promise<Connection> {
    const tries = this.#targets.map((target) => this.#connectTo(target));
    const done = await Promise.any(tries).catch(() => null);
    for (const one of tries)
      void one
        .then((connection) => (connection === done ? null : connection.close()))
        .catch(() => {});
    if (done !== null) return done;
    const failures = await Promise.allSettled(tries);
    const reasons = failures.map((failure) => (failure as PromiseRejectedResult).reason as Error);
    throw new JournalError(
      'database',
      reasons.map(({ message }) => message).join('; '),
      reasons[0],
    );
  }

  async #connectTo({ config, host, url }: Target): Promise<Connection> {
    const { answerMs, application } = this.#options;
    const socket = new Socket();
    const name = `the database ${config.database ?? ''} at ${host}`;
    const client = new Client({
      ...config,
      application_name: application,
      connectionTimeoutMillis: answerMs,
      keepAlive: true,
      stream: () => socket,
      types: {
        getTypeParser: (oid: number, kind?: 'text' | 'binary') =>
          oid === int8 && kind !== 'binary' ? Number : types.getTypeParser(oid, kind as 'text'),
      },
    });
    const connection = new Connection(client, socket, { name, url }, answerMs);
    try {
      await client.connect();
      const [session] = await connection.run<Session & Row>(begin, [
        `${Math.ceil(answerMs * 0.8)}ms`,
      ]);
      demandPrimary(name, session as Session);
      connection.pid = (session as Session).pid;
      return connection;
    } catch (error) {
      connection.destroy(new Error('not used'));
      if (error instanceof JournalError) throw error;
      throw new JournalError('database', sentenceOf(name, config.user, error), error);
    }
  }
}

function demandPrimary(name: string, { server, standby }: Session): void {
  if (server < oldestServer)
    throw new JournalError(
      'database',
      `${name} is PostgreSQL ${Math.floor(server / 10_000)}; version 15 or newer is needed`,
    );
  if (standby)
    throw new JournalError(
      'database',
      `${name} is a standby, which takes no changes: give the URL of the primary, or those of both`,
    );
}

interface Target {
  config: ReturnType<typeof toClientConfig>;
  host: string;
  url: string;
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;

function targetOf(url: string): Target {
  // Read before the URL is parsed, because the parser warns on standard error of other modes.
  const sslmode = /[?&]sslmode=([^&]*)/.exec(url)?.[1];
  const parsed = parsedOf(sslmode === 'verify-full' ? url : url.replace(/sslmode=[^&]*/, ''));
  const at = parsed.host ?? 'localhost';
  const isLocal = at.startsWith('/') || loopback.test(at);
  const host = at.startsWith('/') ? at : `${at}:${parsed.port ?? '5432'}`;
  if (sslmode !== 'verify-full' && sslmode !== 'disable' && (sslmode !== undefined || !isLocal))
    throw new JournalError(
      'database',
      `the URL of the database at ${host} says sslmode=${sslmode ?? '(nothing)'}, which does not ` +
        'check whom it talks to: say sslmode=verify-full, or sslmode=disable on a network that ' +
        'nobody else uses',
    );
  const config = toClientConfig(parsed);
  const ssl = sslmode === 'verify-full' ? (config.ssl ?? true) : false;
  return { config: { ...config, ssl }, host, url };
}

function parsedOf(url: string): ConnectionOptions {
  try {
    if (/^postgres(ql)?:\/\//.test(url)) return parse(url);
  } catch {
    // Refused below, without the URL, because it may have the password.
  }
  throw new JournalError(
    'database',
    'a line of the file with the URLs of the cluster is no URL of PostgreSQL, such as ' +
      'postgres://user:password@host:5432/database?sslmode=verify-full',
  );
}

/**
 * The SQLSTATE of a refused statement, whose transaction was certainly not committed. Null for every
 * other error, also for one that ended the session, because that may come during a commit.
 */
export const codeOf = (error: unknown): string | null =>
  error instanceof DatabaseError && error.severity === 'ERROR' ? (error.code ?? null) : null;

const messageOf = (error: unknown): string =>
  error instanceof AggregateError && error.message === ''
    ? error.errors.map(messageOf).join('; ')
    : error instanceof Error
      ? error.message
      : String(error);

/** One sentence that says why the database cannot be used, and what to do. */
export function sentenceOf(name: string, user: string | undefined, error: unknown): string {
  const code = (error as { code?: string }).code ?? '';
  const message = messageOf(error);
  if (code === '28P01') return `${name} refuses the password of user ${user}`;
  if (code === '28000') return `${name} does not let user ${user} in: ${message}`;
  if (code === '3D000')
    return `${name} does not exist: create it, and give its owner's name in the URL`;
  if (code === '42501')
    return `user ${user} has no rights to use or make the tables in schema pinhole of ${name}: ${message}`;
  if (code === '53300') return `${name} has no free connection: ${message}`;
  if (code === '57P03') return `${name} is starting or stopping: ${message}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of ${name} is for another host name: ${message}`;
  if (/certificate|SSL|TLS/i.test(`${code} ${message}`))
    return `${name} has no certificate that can be trusted: ${message}`;
  return `${name} cannot be reached: ${message}`;
}
