// The past as a script, and played back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/durable/digest.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import type { Kernel } from '../../src/kernel/state.ts';
import { parseScript } from '../../src/script/golden.ts';
import { play } from '../../src/script/play.ts';
import { limitsOfTests } from '../machine.ts';
import { call, must, type Service, start } from './start.ts';

const page = 4096;
const MiB = 2 ** 20;
const limits = { commandsMax: 1000, bytesMax: MiB };
const at = '/v1/filesystems';

let service: Service;
let url = '';
beforeAll(async () => {
  service = await start();
  await service.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`;
});
afterAll(() => service.close());

const go = (status: number, method: string, path: string, options = {}) =>
  must(service, status, method, `${at}/${path}`, options);
const soon = { headers: { prefer: 'respond-async' } };

/** A little of everything: bytes of each form, sleepers, a signal, a failure, an eviction. */
async function live(name: string, mkfs: object): Promise<void> {
  await must(service, 201, 'POST', at, { json: { name, sizeBytes: MiB, ...mkfs } });
  await go(201, 'POST', `${name}/files`, { json: { name: 'a' } });
  const bytes = Buffer.concat([Buffer.alloc(page, 'A'), Buffer.alloc(page), Buffer.from("it's %")]);
  await go(200, 'PUT', `${name}/files/a/content?offset=0`, { bytes });
  const mapping = { offset: 0, length: 2 * page, access: 'read-write' };
  await go(201, 'POST', `${name}/files/a/mappings`, { json: mapping });
  const pin = { offset: 0, length: page, access: 'write', owner: 'the nic', holdMs: 60_000 };
  await go(201, 'POST', `${name}/mappings/map_1/pins`, { json: pin });
  const truncate = { sizeBytes: 0, owner: 'T' };
  await go(202, 'POST', `${name}/files/a/truncate`, { json: truncate, ...soon });
  await go(202, 'GET', `${name}/files/a/content?offset=0&length=6`, soon);
  const { json } = await go(200, 'GET', `${name}/operations`);
  const reader = json.items.find(({ op }: { op: string }) => op === 'read').id;
  await call(service, 'POST', `${at}/${name}/operations/${reader}/cancel`, { json: {} });
  await go(200, 'PUT', `${name}/pins/pin_1/memory`, { bytes: Buffer.from(`${'xy'.repeat(40)}`) });
  await go(404, 'POST', `${name}/files/none/truncate`, { json: { sizeBytes: 0 } });
  const { headers } = await go(200, 'GET', `${name}/files/a`);
  await go(202, 'POST', `${name}/files/a/punch-hole`, {
    json: { offset: 0, length: page },
    headers: { ...soon.headers, 'if-match': headers.etag },
  });
  await go(200, 'DELETE', `${name}/pins/pin_1`);
  await go(201, 'POST', `${name}/files`, { json: { name: 'b', sizeBytes: 5 } });
  await go(200, 'DELETE', `${name}/files/b`);
}

const scriptOf = async (name: string, query = ''): Promise<string> =>
  (await go(200, 'GET', `${name}/script${query}`)).text;

/** The digest of a filesystem as its journal has it, and that of a script on a new machine. */
async function digestsOf(name: string, text: string): Promise<{ own: number; played: number }> {
  const fs = service.engine.find('default', name);
  if (fs === undefined) throw new Error('it is there');
  let own = 0;
  let first = 0;
  await service.engine.replay(fs, 'oldest', {
    begin: (_kernel, digest) => {
      own = digest;
      first = digest;
      return false;
    },
    after: (_entry, _effects, _kernel, digest) => {
      own = digest;
      return false;
    },
  });
  const { mkfs, commands } = parseScript(text, limits);
  if (mkfs === null) throw new Error('the script begins with mkfs');
  const made = createKernel(mkfs, limitsOfTests, 0);
  if (!made.ok) throw new Error(made.failure.why);
  let played = first;
  const all = commands.map(({ command }) => command);
  for (const effects of play(made.kernel, all)) played = digestOf(played, made.kernel, effects);
  return { own, played };
}

const differs = /^(cursor|etag|generation|submittedAt|.+Ms)$/;

/** What a client sees, without times and versions. */
async function seen(name: string): Promise<unknown> {
  const { text } = await go(200, 'GET', `${name}/state`);
  return JSON.parse(text.replaceAll(name, 'it'), (key, value) =>
    differs.test(key) ? undefined : value,
  );
}

async function sh(script: string, env: object): Promise<string> {
  const child = spawn('sh', ['-s'], { env: { ...process.env, ...env } });
  let out = '';
  child.stdout.on('data', (part) => {
    out += part;
  });
  child.stderr.on('data', (part) => {
    out += part;
  });
  child.stdin.end(script);
  await once(child, 'close');
  return out;
}

describe('a script of a manual clock', () => {
  let golden = '';
  beforeAll(async () => {
    await live('by-hand', { clock: 'manual', strategy: { name: 'wait-for-refs' } });
    await go(200, 'POST', 'by-hand/clock/advance', { json: { ms: 1000 } });
    golden = await scriptOf('by-hand');
  });

  test('has each command on a line', () => {
    const lines = golden.split('\n');
    expect(lines[1]).toMatch(/^> mkfs by-hand 1048576 clock=manual .*"name":"wait-for-refs"/);
    expect(lines).toContain('> pin map_1 0 4096 write holdMs=60000 as "the nic" (op_4)');
    expect(lines).toContain('> truncate a 0 keep as T (op_5)');
    expect(lines).toContain('> truncate none 0 (op_9)');
    expect(lines).toContain('> clock-advance 1000');
    expect(golden).not.toContain('ifMatch');
  });

  test('played on a new machine it leads to the same digest', async () => {
    const { own, played } = await digestsOf('by-hand', golden);
    expect(played).toBe(own);
  });

  test('and each line of curl works as it stands', async () => {
    const curl = await scriptOf('by-hand', '?format=curl');
    const out = await sh(curl, { PINHOLE: url, FS: 'again' });
    expect(out).not.toMatch(/curl: |not found|"status":(400|415|5\d\d)/);
    expect(await seen('again')).toEqual(await seen('by-hand'));
    expect((await scriptOf('again')).split('\n').slice(2)).toEqual(golden.split('\n').slice(2));
  });

  test('as xfs_io it says what xfs_io can do', async () => {
    const text = await scriptOf('by-hand', '?format=xfs_io');
    expect(text).toContain('\nxfs_io -f -c "truncate 0" a\n');
    expect(text).toContain('\nxfs_io -c "truncate 0" a\n');
    expect(text).toContain('\nxfs_io -c "pread 0 6" a\n');
    expect(text).toContain('\nxfs_io -c "fpunch 0 4096" a\n');
    expect(text).toContain('\n# pin map_1 0 4096 write holdMs=60000 as "the nic"\n');
    expect(text).toContain('\nrm b\n');
  });

  test('a span of it begins with the cursor for a fork', async () => {
    const { json } = await go(200, 'GET', 'by-hand/pins');
    const all = golden.split('\n');
    expect((await scriptOf('by-hand', `?from=${json.cursor}`)).split('\n')).toEqual([
      all[0],
      `# It begins after the event ${json.cursor}: play it on a fork at that cursor.`,
      '',
    ]);
    const events = service.engine.find('default', 'by-hand')?.ring;
    const early = await scriptOf('by-hand', `?to=${events?.cursorAt(2)}`);
    expect(all.join('\n')).toContain(early.trimEnd());
    expect(early.split('\n').length).toBeLessThan(all.length - 5);
  });

  test('wrong cursors are refused', async () => {
    const ring = service.engine.find('default', 'by-hand')?.ring;
    const gone = await go(410, 'GET', 'by-hand/script?from=0123456789abcdef.1');
    expect(gone.json.oldest).toBe(ring?.cursorAt(0));
    expect((await go(400, 'GET', `by-hand/script?from=${ring?.cursorAt(9999)}`)).json.rule).toBe(
      'FK1',
    );
    await go(400, 'GET', 'by-hand/script?format=perl');
    await go(404, 'GET', 'none/script');
  });
});

test('a realtime clock becomes advances, and ids stay those of the playback', async () => {
  await live('real', {});
  const text = await scriptOf('real');
  expect(text).toMatch(/^> clock-advance \d+$/m);
  expect(text).toMatch(/^> mkfs real 1048576 clock=manual /m);
  const { commands, mkfs } = parseScript(text, limits);
  if (mkfs === null) throw new Error('the script begins with mkfs');
  const made = createKernel(mkfs, limitsOfTests, 0);
  if (!made.ok) throw new Error(made.failure.why);
  const fs = service.engine.find('default', 'real')?.kernel as Kernel;
  const outcomes = [
    ...play(
      made.kernel,
      commands.map(({ command }) => command),
    ),
  ].flatMap(({ replies }) => replies.map(({ outcome }) => outcome.ok || outcome.failure.rule));
  expect(outcomes.filter((one) => one !== true)).toEqual(['CN1', 'NM1']);
  expect(made.kernel.tasks.size).toBe(fs.tasks.size);
  expect([...made.kernel.ended.values()].map(({ op, state }) => [op, state])).toEqual(
    [...fs.ended.values()].map(({ op, state }) => [op, state]),
  );
  expect(made.kernel.space).toEqual(fs.space);
});
