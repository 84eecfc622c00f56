// What all subcommands share: dispatch, help, suggestions, exit codes, formats, --curl.
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bytesOf, msOf, sizeText, timeText } from '../../src/cli/lib/sizes.ts';
import { subcommands } from '../../src/cli/registry.ts';
import { isServer } from '../../src/cli/run.ts';
import { pinhole, serving } from './command.ts';

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

describe('the command line', () => {
  it('starts a server without a subcommand, and with its settings', () => {
    expect(isServer([])).toBe(true);
    expect(isServer(['--port', '0'])).toBe(true);
    expect(isServer(['serve', '--port', '0'])).toBe(true);
    expect(isServer(['--help'])).toBe(false);
    expect(isServer(['fs', 'ls'])).toBe(false);
  });

  it('lists every subcommand in --help, and every setting in serve --help', async () => {
    const { code, stdout } = await pinhole('--help');
    expect(code).toBe(0);
    for (const { name, summary } of subcommands) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect(stdout.replace(/\s+/g, ' ')).toContain(summary);
    }
    expect((await pinhole('serve --help')).stdout).toContain('--port <value>');
    expect((await pinhole('help fs rm')).stdout).toContain('Usage: pinhole fs rm');
    expect((await pinhole('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['serv', [/unknown command 'serv'/, /Did you mean serve\?/, /are serve, .*fs/]],
    ['fs lss', [/Did you mean ls\?/, /The subcommands are create, ls/, /Try pinhole fs --help/]],
    ['fs', [/"pinhole fs" needs a subcommand/, /create, ls/]],
    ['show --curl', [/unknown option '--curl'/, /The subcommands are filesystem/]],
    ['fs ls --jsn', [/unknown option '--jsn'/, /The options are --output/]],
    ['fs create a 1M --knd xfs', [/Did you mean --kind\?/]],
    ['fs create a 1M --kind zfs', [/Allowed choices are xfs, ext4, ext2, btrfs/]],
    ['fs create a', [/missing required argument 'size'/]],
    ['fs create a 64Q', [/64Q is not a size.*64M or 16p/]],
    ['fs show a b', [/too many arguments/]],
    ['fs ls --url nowhere', [/nowhere is not a URL/]],
    ['fs ls --token-file /nonexistent', [/token file \/nonexistent cannot be read/]],
    ['fs ls --context prod', [/there is no context prod/]],
    ['--data-dir y repair', [/options before "repair" are settings of the server/]],
    ['--port 0 extra', [/too many arguments.*"extra"/]],
    ['serve --port 70000', [/--port \(PINHOLE_PORT\)/]],
    ['replay /nonexistent', [/ENOENT/]],
  ])('"pinhole %s" is a usage error that helps', async (words, messages) => {
    const { code, stdout, stderr } = await pinhole(words);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const message of messages) expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^pinhole: /);
  });

  it('refuses an unknown variable of its prefix, because it would be a typing error', async () => {
    const { code, stderr } = await server.run('fs ls', { env: { PINHOLE_URLS: 'x' } });
    expect(code).toBe(2);
    expect(stderr).toContain('unknown setting: PINHOLE_URLS');
  });
});

describe('sizes and times', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['0x1000', 4096],
    ['4K', 4096],
    ['4k', 4096],
    ['4KiB', 4096],
    ['64M', 67_108_864],
    ['1G', 1_073_741_824],
    ['16p', 65_536],
  ])('reads %s as %i bytes', (text, bytes) => expect(bytesOf(text)).toBe(bytes));

  it.each(['', '-1', '1.5M', 'K', '4Q', '9999999999999999999', '16pb', '1e3'])(
    'refuses %j as a size',
    (text) => expect(() => bytesOf(text)).toThrow(/is not a size/),
  );

  it.each([
    ['500', 500],
    ['500ms', 500],
    ['+1s', 1000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('reads %s as %i milliseconds', (text, ms) => expect(msOf(text)).toBe(ms));

  it.each(['', '-1s', '1d', 's'])('refuses %j as a time', (text) =>
    expect(() => msOf(text)).toThrow(/is not a time/),
  );

  it('writes them so that no digit is lost', () => {
    expect([513, 4096, 67_108_864, 67_112_960].map(sizeText)).toEqual([
      '513',
      '4K',
      '64M',
      '65540K',
    ]);
    expect([250, 1500, 12_000, 180_000, 7_200_000].map(timeText)).toEqual([
      '250 ms',
      '1.5 s',
      '12 s',
      '3 min',
      '2 h',
    ]);
  });
});

describe('pinhole fs', () => {
  it('creates, lists, shows and removes', async () => {
    const made = await server.must('fs create one 1M --kind ext4 --strategy refuse -o json');
    expect(made.json).toMatchObject({
      name: 'one',
      sizeBytes: 1_048_576,
      kind: 'ext4',
      strategy: { name: 'refuse' },
    });
    const table = (await server.must('fs ls')).stdout.split('\n');
    expect(table[0]).toMatch(/^name +kind +kernel +size +strategy/);
    expect(table[1]).toMatch(/^one +ext4 +7\.3 +1M +refuse/);
    expect((await server.must('fs show one')).stdout).toMatch(/^kind +ext4 of Linux 7\.3$/m);
    expect((await server.must('fs rm one')).stdout).toBe('one is removed\n');
    expect((await server.must('fs ls')).stdout).toBe(
      `${table[0]?.trimEnd()}\n`.replace(/ +/g, '  '),
    );
  });

  it('prints the JSON of the API as it came, and the same as YAML and as lines', async () => {
    await server.must('fs create two 1M');
    await server.must(
      'fs create three 128K --clock manual --no-waitqueue-keyed --waitqueue-buckets 2',
    );
    const came = await (await fetch(`${server.url}/v1/filesystems/three`)).text();
    const { stdout, json } = await server.must('fs show three -o json');
    expect(stdout).toBe(`${came}\n`);
    expect(json.waitqueue).toEqual({ buckets: 2, keyed: false });
    expect(parse((await server.must('fs show three -o yaml')).stdout)).toEqual(json);
    const lines = (await server.must('fs ls -o ndjson')).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['two', 'three']);
    await server.must('fs rm two');
    await server.must('fs rm three');
  });

  it('indents JSON on a terminal only, and colours nothing in a pipe', async () => {
    const terminal = await server.run('fs show none', { terminal: true });
    expect(terminal.stderr).toContain('\u001b[31m');
    const options = { terminal: true, env: { NO_COLOR: '1' } };
    expect((await server.run('fs show none', options)).stderr).not.toContain('\u001b');
    expect((await server.run('fs show none')).stderr).not.toContain('\u001b');
    expect((await server.must('fs ls -o json', { terminal: true })).stdout).toMatch(/^\{\n {2}"/);
  });

  it('tells a refusal with its errno and rule', async () => {
    const { code, stdout, stderr } = await server.run('fs show none');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'pinhole: ENOENT: There is no such filesystem.\n  rule T1: pinhole rule T1\n',
    );
    const wrong = await server.run('fs create two 65537');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('sizeBytes: must be a multiple of 4096');
  });

  it('says when no server answers', async () => {
    const { code, stderr } = await pinhole('fs ls --url http://127.0.0.1:1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/no server answers at http:\/\/127\.0\.0\.1:1.*pinhole serve/);
  });
});

describe('a server that answers as Pinhole does not', () => {
  it.each([
    ['dies in the middle of an answer', /the connection to .* was lost during the answer/],
    ['answers with something else than JSON', /does not answer with JSON as a Pinhole server/],
  ])('%s', async (what, message) => {
    const other = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      if (what.startsWith('answers')) response.end('<html>');
      else response.write('{"items":[', () => response.destroy());
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      for (const words of ['fs ls', 'explain op_1 --fs a', 'bundle save --fs a']) {
        if (what.startsWith('answers') && words.startsWith('bundle')) continue;
        const { code, stderr } = await pinhole(`${words} --url http://127.0.0.1:${port}`);
        expect({ words, code, stderr }).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(message),
        });
      }
    } finally {
      other.close();
    }
  });
});

it('a table of busy extents has the reasons and the age of each run', async () => {
  const env = { PINHOLE_FS: 'parked' };
  await server.must('fs create parked 1M --strategy busy-extents');
  await server.must('file create a --size 8K', { env });
  await server.must('map a 0 8K read-write', { env });
  await server.must('pin map_1 0 8K write', { env });
  await server.must('file truncate a 0', { env });
  const table = (await server.must('show busy-extents', { env })).stdout.split('\n');
  expect(table[0]?.trim().split(/ {2,}/)).toEqual([
    'pfn',
    'pages',
    'left file',
    'busy for',
    'pins',
    'age',
  ]);
  expect(table[1]).toMatch(/^ *\d+ +2 +#\d+ +.*pinned +2 +\S+/);
  await server.must('fs rm parked --force');
});

describe('--curl', () => {
  const shell = promisify(execFile);

  it('sends the bytes of --from and --byte', async () => {
    await server.must('fs create bytes 1M');
    const env = { PINHOLE_FS: 'bytes' };
    await server.must('file create a', { env });
    const path = join(mkdtempSync(join(tmpdir(), "pinhole it's ")), 'a file');
    writeFileSync(path, 'hello');
    for (const [words, bytes] of [
      [['--byte', '0x41', '--size', '3'], 'AAA'],
      [['--from', path], 'hello'],
    ] as const) {
      const { stdout } = await server.must(['file', 'write', 'a', ...words, '--curl'], { env });
      await shell('sh', ['-c', stdout.replace('curl', 'curl -sf')]);
      const read = ['file', 'read', 'a', '--length', String(bytes.length)];
      expect((await server.must(read, { env })).stdout).toBe(bytes);
    }
    await server.must('fs rm bytes');
  });

  it.each([
    'story play S01',
    'story play S01 --strategy all',
    'compare S01',
    'play -',
    'xfs_io -c stat f',
  ])('of a command that plays in this process is refused: %s', async (words) => {
    const { code, stdout, stderr } = await server.run(`${words} --curl`, { stdin: '> create a 0' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('this needs no server, so --curl has no request to print');
  });

  it('of doctor is the request to the server', async () => {
    expect((await server.run('doctor --curl')).stdout).toBe(`curl ${server.url}/v1\n`);
  });

  it('has the value false of a field without a default', async () => {
    const words = 'pin map_1 0 4K write --kind rdma --fs a --curl';
    expect((await server.must(words)).stdout).not.toContain('longterm');
    expect((await server.must(`${words} --no-longterm`)).stdout).toContain('"longterm":false');
  });

  it('prints a command that does the same, and sends nothing', async () => {
    const words = ['fs', 'create', 'four', '1M', '--strategy', 'wait-for-refs'];
    const { code, stdout } = await server.run([...words, '--curl']);
    expect(code).toBe(0);
    expect((await server.run('fs show four')).code).toBe(1);
    const ran = await shell('sh', ['-c', stdout.replace(/^curl/, 'curl -s')]);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      name: 'four',
      strategy: { name: 'wait-for-refs' },
    });
    expect((await server.run('fs rm four --force --curl')).stdout).toBe(
      `curl -X DELETE '${server.url}/v1/filesystems/four?force=true'\n`,
    );
    await server.must('fs rm four');
  });
});
