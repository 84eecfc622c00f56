// The tables in PostgreSQL, and how a database gets them. A release that changes them adds a step,
// which must leave the tables usable for the release before it.
import { JournalError } from './journal-error.ts';
import type { Connection } from './pg-primary.ts';

const steps: readonly string[] = [
  `create table meta (format integer not null);
   insert into meta values (0);

   create table control (version bigint not null, ordered bigint not null);
   insert into control values (0, 0);

   create table node (
     id text primary key, name text not null, beat bigint not null, version bigint not null,
     url text, release text not null, kernel_version integer not null, leaving boolean not null
   ) with (fillfactor = 50);

   create table place (
     fs text collate "C" primary key, tenant text, name text, number bigint not null,
     owner text, epoch bigint not null, flush bigint not null, chain bigint not null,
     ordered bigint not null, kernel_version integer not null,
     unique (tenant, name)
   ) with (fillfactor = 50);
   create index place_owner on place (owner);
   create sequence filesystem_number;

   create table record (
     fs text collate "C" not null, key text collate "C" not null, value bytea not null,
     primary key (fs, key)
   );
   alter table record alter value set storage external;`,
];

/** The version of the tables; `meta.format` in the database. */
const format = steps.length;

/** Any number that no other program is likely to use. */
const lock = 7_041_972;

/**
 * Makes or upgrades the tables, while no other server does. Rejects with `version` if the tables
 * belong to a newer release, or to one from before the first.
 */
export async function bringSchema(connection: Connection): Promise<void> {
  await connection.run('begin');
  try {
    await connection.run('select pg_advisory_xact_lock($1)', [lock]);
    await connection.run("set local lock_timeout = '60s'");
    const had = await formatOf(connection);
    if (had !== null && had > format)
      throw new JournalError(
        'version',
        `the tables of ${connection.name} have format ${had}, and this release knows formats up ` +
          `to ${format}: start a newer release`,
      );
    if (had !== null && had < 1)
      throw new JournalError(
        'version',
        `the tables of ${connection.name} have format ${had}, which is older than every release ` +
          'that can be upgraded: use another database',
      );
    if (had !== format) await upgrade(connection, had);
    await connection.run('commit');
  } catch (error) {
    await connection.run('rollback').catch(() => {});
    throw error;
  }
}

async function upgrade(connection: Connection, had: number | null): Promise<void> {
  if (had === null && !(await exists(connection, "to_regnamespace('pinhole')")))
    await connection.run('create schema pinhole');
  for (const step of steps.slice(had ?? 0)) await connection.run(step);
  await connection.run('update meta set format = $1', [format]);
}

/** Null if there are no tables yet. */
async function formatOf(connection: Connection): Promise<number | null> {
  if (await exists(connection, "to_regclass('pinhole.meta')")) {
    const [row] = await connection.run<{ format: number }>('select format from meta');
    return row?.format ?? 0;
  }
  // A schema of ours without the table that has its format.
  return (await exists(connection, "to_regclass('pinhole.record')")) ? 0 : null;
}

async function exists(connection: Connection, what: string): Promise<boolean> {
  const [row] = await connection.run<{ there: boolean }>(`select ${what} is not null as there`);
  return row?.there === true;
}

/** Rejects with `database` if an acknowledged commit could be lost when the machine stops. */
export async function demandSafeSettings(connection: Connection): Promise<void> {
  for (const name of ['fsync', 'full_page_writes']) {
    const [row] = await connection.run<{ value: string }>('select current_setting($1) as value', [
      name,
    ]);
    if (row?.value !== 'on')
      throw new JournalError(
        'database',
        `${connection.name} has ${name} = ${row?.value}, so it can lose what it acknowledged: ` +
          `set ${name} = on`,
      );
  }
}
