// Operations that sleep, on the command line: exit codes 0, 1, 3 and 4, bytes, pages of lists.
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pinhole, serving } from './command.ts';
import { layOut } from './machine.ts';

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());
beforeEach(async () => {
  await layOut(server);
});

const env = { PINHOLE_FS: 'scratch' };
const run = (words: string, options = {}) => server.run(words, { env, ...options });
const must = (words: string, options = {}) => server.must(words, { env, ...options });

describe('an operation that sleeps', () => {
  it('ends the command with 4 when the time is over, and says what blocks it', async () => {
    const { code, stdout, stderr } = await run('file truncate a 0 --wait 1s');
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^pinhole: op_15 \(truncate\) sleeps on page 0 of a\n/);
    expect(stderr).toMatch(/blocked by pin_1 of nic, for /);
    expect(stderr).toContain('pinhole explain op_15');
    const json = (await run('file punch-hole a 0 4K --wait 1s -o json')).json;
    expect(json).toMatchObject({ id: 'op_16', state: 'sleeping' });
  });

  it('ends it with 0 where the caller does not wait, and `wait` waits', async () => {
    expect((await must('file truncate a 4K --async')).stdout).toMatch(/^id +op_15$/m);
    expect((await run('wait op_15 --timeout 10ms')).code).toBe(4);
    const waiting = must('wait op_15');
    expect((await must('unpin pin_1')).stdout).toMatch(/^pin_1 is released: 1 page/);
    expect((await waiting).stdout).toMatch(/^state +done$/m);
  });

  it('gives the result when it ends in time', async () => {
    const waiting = must('file truncate a 4K --wait 60s');
    await expect
      .poll(async () => (await must('ops --state sleeping --file a -o json')).json.items)
      .toHaveLength(1);
    await must('unpin pin_1');
    expect((await waiting).stdout).toMatch(/^a has 4K: 15 blocks freed, slept /);
  });

  it('ends it with 1 when the operation is cancelled', async () => {
    const waiting = run('wait op_13');
    await must('cancel op_13');
    const { code, stderr } = await waiting;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pinhole: EINTR: /);
    expect((await run('wait op_13 -o json')).json).toMatchObject({ state: 'cancelled' });
  });

  it('is refused with --nowait, and the pin that blocks it is named', async () => {
    const { code, stderr, stdout } = await run('file truncate a 0 --nowait');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^pinhole: EAGAIN: .*\n {2}blocked by pin_1 of nic/);
    expect(stderr).toContain('To release it: pinhole unpin pin_1');
    const { json } = await run('file truncate a 0 --nowait -o json');
    expect(json).toMatchObject({ errno: 'EAGAIN', status: 409, blockedBy: [{ pin: 'pin_1' }] });
  });

  it('takes its steps with step, where the scheduler is stepped', async () => {
    const options = { env: { PINHOLE_FS: 'stepped' } };
    expect((await must('step', options)).stdout).toMatch(/^op_2 \(truncate\) took the step /);
    const { stdout } = await must('step --until done --random --seed 7', options);
    expect(stdout).toMatch(/every operation has ended/);
    expect((await run('step --seed 7', options)).code).toBe(2);
    const accepted = await must('file truncate s 0', options);
    expect(accepted.stderr).toMatch(/^op_\d+ takes its steps with "pinhole step"\n$/);
  });

  it('is followed by ops -w until the filesystem is removed', async () => {
    const followed = run('ops -w -o ndjson');
    // The watcher has its snapshot when it has printed op_13; the server counts its stream.
    await expect
      .poll(
        async () =>
          (await (await fetch(`${server.url}/metrics`)).text()).match(
            /^pinhole_stream_clients.* ([1-9])/m,
          )?.[1],
      )
      .toBe('1');
    await must('unpin pin_2');
    await must('wait op_13');
    await must('fs rm scratch --force');
    const lines = (await followed).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const states = lines.filter(({ id }) => id === 'op_13').map(({ state }) => state);
    expect(states[0]).toBe('sleeping');
    expect(states.at(-1)).toBe('done');
  });
});

describe('bytes', () => {
  it('are printed as they are in a pipe, as a dump on a terminal, in base64 as JSON', async () => {
    await must('file write b --offset 4K', { stdin: 'hello' });
    expect((await must('file read b --offset 4K --length 5')).stdout).toBe('hello');
    const dump = await must('file read b --offset 4K --length 64', { terminal: true });
    expect(dump.stdout.split('\n')).toEqual([
      '00001000  68 65 6c 6c 6f 41 41 41 41 41 41 41 41 41 41 41  |helloAAAAAAAAAAA|',
      '00001010  41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  |AAAAAAAAAAAAAAAA|',
      '*',
      '00001040',
      '',
    ]);
    const { json } = await must('file read b --offset 4K --length 5 -o json');
    expect(json).toEqual({ offset: 4096, length: 5, base64: 'aGVsbG8=' });
  });

  it('come from a file, from stdin or from --byte, and from nowhere else', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pinhole-bytes-')), 'bytes');
    writeFileSync(file, 'from a file');
    await server.must(['file', 'write', 'b', '--from', file], { env });
    expect((await must('file read b')).stdout).toBe('from a file');
    expect((await run('file write b --byte 0x41')).code).toBe(2);
    expect((await run('file write b --byte 256 --size 1')).stderr).toContain('256 is not a byte');
  });

  it('are not mixed with words when the read sleeps', async () => {
    await run('file truncate a 0 --async');
    const { code, stdout } = await run('file read a --wait 1s');
    expect([code, stdout]).toEqual([4, '']);
  });
});

describe('lists', () => {
  it('are read page by page up to --limit', async () => {
    const { json, stderr } = await must('show pages --limit 3 -o json');
    expect(json.items).toHaveLength(3);
    expect(json.nextPageToken).toBeDefined();
    expect(stderr).toBe('There are more; --limit 0 shows all.\n');
    const all = await must('show pages --limit 0 -o json');
    expect(all.json.items).toHaveLength(256);
    expect(all.json.nextPageToken).toBeUndefined();
  });
});

describe('contexts and tokens', () => {
  it('keeps a token in a file of mode 0600, and prints it nowhere', async () => {
    const home = mkdtempSync(join(tmpdir(), 'pinhole-context-'));
    const own = { env: { XDG_CONFIG_HOME: home } };
    const made = await server.must('token create guests', { env: server.operator });
    const secret = made.stdout.trim();
    const added = await pinhole(`context add prod --url ${server.url} --token-stdin --use`, {
      ...own,
      stdin: `${secret}\n`,
    });
    expect(added.code).toBe(0);
    const file = join(home, 'pinhole', 'contexts.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(secret);
    // The tenant of the token has no filesystem.
    expect((await pinhole('fs ls -o json', own)).json.items).toEqual([]);
    const shown = await pinhole('context ls', own);
    expect(shown.stdout).toMatch(/^\* +prod +http:.* +stored/m);
    const curl = await pinhole('fs ls --curl', own);
    expect(curl.stdout).toContain('Bearer $PINHOLE_TOKEN"');
    // Another server does not get the token of this one.
    const other = await pinhole('fs ls --curl --url http://127.0.0.1:1', own);
    expect(other.stdout).not.toContain('authorization');
    const missing = await pinhole('context use nowhere', own);
    expect(missing.stderr).toContain('there is no context nowhere; the contexts are prod');
    for (const { stdout, stderr } of [added, shown, curl, other, missing])
      expect(stdout + stderr).not.toContain(secret);
  });

  it('writes an issued token to a new file, and does not print it', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pinhole-token-')), 'token');
    const words = ['token', 'create', 'guests', '--save', file, '-o', 'json'];
    const { json, stdout } = await server.must(words, { env: server.operator });
    const secret = readFileSync(file, 'utf8').trim();
    expect(json.id).toMatch(/^[0-9a-f]{16}$/);
    expect(stdout).not.toContain(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await server.must(`fs ls --token-file ${file} -o json`)).json.items).toEqual([]);
    expect((await server.run(words, { env: server.operator })).code).toBe(2);
  });

  it('says which token is missing', async () => {
    const { code, stderr } = await server.run('tenant ls');
    expect(code).toBe(1);
    expect(stderr).toMatch(/--token-file or PINHOLE_TOKEN_FILE|Use a token with the scope/);
  });
});

describe('a refusal', () => {
  it('links to what can be done', async () => {
    const { code, stderr } = await run('pin map_1 0 4K write --kind rdma');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pinhole: EOPNOTSUPP: .*\n {2}rule GP2: pinhole rule GP2\n/);
    expect(stderr).toMatch(/what can be done: http:\/\/127\.0\.0\.1:\d+\/docs\/how-to\//);
  });
});
