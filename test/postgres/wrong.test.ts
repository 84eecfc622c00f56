// A database on which no server starts: each is refused in one sentence that says why.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalError } from '../../src/journal/journal-error.ts';
import { openPg } from './open.ts';
import { missing, Postgres } from './postgres.ts';

const refusal = (url: string): Promise<string> =>
  openPg(url, { answerMs: 2000 }).then(
    async (store) => {
      await store.close();
      return 'started';
    },
    ({ kind, message }: JournalError) => `${kind}: ${message}`,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.skipIf(missing !== null)('a database that cannot be used', () => {
  let postgres: Postgres;
  let port: number;
  beforeAll(async () => {
    postgres = await Postgres.start();
    port = await freePort();
    const { folder } = postgres;
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=elsewhere']
        .concat(['-addext', 'subjectAltName=DNS:elsewhere'])
        .concat(['-keyout', key, '-out', certificate]),
      { stdio: 'ignore' },
    );
    const { uid, gid } = statSync(folder);
    chownSync(key, uid, gid);
    const rules = join(folder, 'data/pg_hba.conf');
    const local = 'local all secret scram-sha-256\nhostssl all pinhole 127.0.0.1/32 trust\n';
    writeFileSync(rules, local + readFileSync(rules, 'utf8'));
    await postgres.restart({
      listen_addresses: '127.0.0.1',
      port: '5432',
      ssl: 'on',
      ssl_key_file: key,
      ssl_cert_file: certificate,
    });
  });
  afterAll(() => postgres.remove());

  it('with a newer format, or one from before the first release', async () => {
    const url = await postgres.database('format');
    expect(await refusal(url)).toBe('started');
    await postgres.sql('update pinhole.meta set format = 9', 'format');
    expect(await refusal(url)).toMatch(
      /^version: the tables of the database format at .* have format 9, and this release knows/,
    );
    await postgres.sql('update pinhole.meta set format = 0', 'format');
    expect(await refusal(url)).toMatch(/^version: .* have format 0, which is older than every/);
    await postgres.sql('drop table pinhole.meta', 'format');
    expect(await refusal(url)).toMatch(/^version: .* have format 0, which is older than every/);
  });

  it('without rights, with a wrong password, or not there', async () => {
    await postgres.sql("create role secret login password 'right'", 'postgres');
    const of = (password: string, database = 'pinhole') =>
      `postgres://secret:${password}@/${database}?host=${postgres.folder}`;
    expect(await refusal(of('wrong'))).toMatch(
      /^database: the database pinhole at .* refuses the password of user secret$/,
    );
    expect(await refusal(of('right'))).toMatch(
      /^database: user secret has no rights to use or make the tables in schema pinhole of the/,
    );
    expect(await refusal(of('right', 'none'))).toMatch(
      /^database: the database none at .* does not exist/,
    );
    expect(await refusal(`postgres://pinhole@/pinhole?host=${postgres.folder}/none`)).toMatch(
      /^database: the database pinhole at .* cannot be reached: connect ENOENT/,
    );
    expect(await refusal(`postgres://pinhole@127.0.0.1:${port}/pinhole`)).toMatch(
      /cannot be reached: connect ECONNREFUSED/,
    );
    expect(await refusal('nonsense')).toMatch(/^database: .* is no URL of PostgreSQL/);
  });

  it('behind a certificate for another name, or that nobody vouches for', async () => {
    const at = `postgres://pinhole@127.0.0.1:5432/pinhole?sslmode=`;
    const root = `sslrootcert=${join(postgres.folder, 'certificate.pem')}`;
    expect(await refusal(`${at}verify-full&${root}`)).toMatch(
      /^database: the certificate of the database .* is for another host name: /,
    );
    expect(await refusal(`${at}verify-full`)).toMatch(/has no certificate that can be trusted/);
    expect(await refusal(`${at}require`)).toMatch(/says sslmode=require, which does not check/);
    expect(await refusal('postgres://x@db.example/y')).toMatch(/says sslmode=\(nothing\)/);
  });

  it('that can lose what it acknowledged', async () => {
    for (const name of ['fsync', 'full_page_writes']) {
      await postgres.restart({ [name]: 'off' });
      expect(await refusal(postgres.url())).toBe(
        `database: the database pinhole at ${postgres.folder} has ${name} = off, so it can lose ` +
          `what it acknowledged: set ${name} = on`,
      );
      await postgres.restart({ [name]: 'on' });
    }
  });

  it('that is a standby', async () => {
    const standby = await postgres.standby();
    try {
      expect(await refusal(standby.url())).toMatch(
        /^database: the database pinhole at .* is a standby, which takes no changes: give the URL/,
      );
    } finally {
      await standby.remove();
    }
  });
});
