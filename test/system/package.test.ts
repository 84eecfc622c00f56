// The package, as a stranger gets it: packed, installed into an empty folder, used.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { chromium } from 'playwright-core';
import { publint } from 'publint';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executablePath } from '../web/needs.ts';
import { must, type Packed, pack, root, type Serving, serve, serveFiles } from './packed.ts';

let packed: Packed;
let folder: string;
/** What npm printed while it installed. */
let installation: string;
let serving: Serving;

/** The command as it is installed, in the folder of the stranger. */
const command = (...args: string[]) => must(folder, bin, args, { PINHOLE_URL: serving.url });
let bin: string;

beforeAll(async () => {
  packed = await pack();
  folder = join(packed.home, 'stranger');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const { stdout, stderr } = await must(folder, 'npm', ['install', packed.tarball], {
    npm_config_cache: join(packed.home, 'cache'),
  });
  installation = stdout + stderr;
  bin = join(folder, 'node_modules/.bin/pinhole');
  serving = await serve(folder, bin);
  // It builds everything and fetches a hundred packages.
}, 600_000);
afterAll(async () => {
  await serving?.stop();
  packed?.remove();
});

test('the tarball has the program, the page, the types and the licence, and is small', () => {
  expect(packed.files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist/main.js',
      'dist/web/index.html',
      'dist/client/index.js',
      'dist/client/index.d.ts',
      'dist/client/browser.js',
      'dist/client/browser.d.ts',
      'openapi/api.d.ts',
    ]),
  );
  expect(packed.files.filter((path) => /^(?:src|test|web)\/|\.map$|\/\./.test(path))).toEqual([]);
  expect(packed.size).toBeLessThan(3_200_000);
});

test('its manifest is right', async () => {
  const tarball = new Uint8Array(readFileSync(packed.tarball)).buffer;
  const { messages } = await publint({ pack: { tarball }, level: 'suggestion', strict: true });
  expect(messages).toEqual([]);
});

test('its types are found as its modules are', async () => {
  const data = createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball)));
  const result = await checkPackage(data);
  if (result.types === false) throw new Error('the package has no types');
  // The package has ES modules only. Node 20.19 can require() them; the resolution of Node 10 does
  // not read `exports`.
  const accepted = ['node10 NoResolution', 'node16-cjs CJSResolvesToESM'];
  const problems = result.problems.map(
    (problem) => `${'resolutionKind' in problem ? problem.resolutionKind : ''} ${problem.kind}`,
  );
  expect(problems.filter((problem) => !accepted.includes(problem))).toEqual([]);
});

test('npm installs it without a warning about what it installs', () => {
  expect(installation).toMatch(/added \d+ packages/);
  expect(installation).not.toMatch(/EBADENGINE|deprecated|ERESOLVE|vulnerabilit/);
});

for (const [module, moduleResolution] of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const)
  test(`a strict consumer compiles with moduleResolution ${moduleResolution}`, async () => {
    const consumer = join(folder, moduleResolution);
    mkdirSync(consumer);
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: 'es2023',
          lib: ['es2023', 'dom', 'dom.iterable'],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          skipLibCheck: false,
          noEmit: true,
        },
      }),
    );
    writeFileSync(
      join(consumer, 'consumer.ts'),
      readFileSync(join(root, 'test/system/consumer.txt'), 'utf8'),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await must(consumer, process.execPath, [tsc, '-p', '.']);
  });

test('npx runs the tarball in an empty folder', async () => {
  const empty = join(packed.home, 'empty');
  mkdirSync(empty);
  const { stdout } = await must(
    empty,
    'npx',
    ['--yes', relative(empty, packed.tarball), '--help'],
    {
      npm_config_cache: join(packed.home, 'cache'),
    },
  );
  expect(stdout).toMatch(/^Usage: pinhole /);
});

test('the server of the package has the API, the page, the docs and the rules', async () => {
  const answers = async (path: string): Promise<string> => {
    const response = await fetch(serving.url + path, { headers: { accept: '*/*' } });
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    return response.text();
  };
  expect(await answers('/v1')).toContain('"version"');
  expect(await answers('/ui/')).toContain('<!doctype html>');
  expect(await answers('/docs/')).toContain('Pinhole');
  expect(await answers('/openapi.json')).toContain('"openapi"');
  expect(await answers('/v1/rules')).toContain('GP2');
});

test('the command of the package talks to a server', async () => {
  const { stdout } = await command('fs', 'create', 'told', '64M', '-o', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ name: 'told' });
  expect((await command('fs', 'ls')).stdout).toMatch(/^told /m);
  expect((await command('errno', 'EOPNOTSUPP')).stdout).toContain('EOPNOTSUPP');
  expect((await command('story', 'play', 'S01')).stdout).toContain('*** DEADLOCK ***');
});

test('the command of the package explains a wait and follows events', async () => {
  const in01 = ['--fs', 's01'];
  await command('story', 'play', 'S01', ...in01);
  const { items } = JSON.parse((await command('ops', ...in01, '-o', 'json')).stdout) as {
    items: { id: string; state: string }[];
  };
  const asleep = items.find(({ state }) => state === 'sleeping')?.id ?? 'none';
  expect((await command('explain', asleep, ...in01)).stdout).toContain('*** DEADLOCK ***');
  const { stdout } = await command('events', '-f', '--from', 'oldest', '-n', '3', ...in01);
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
});

/** What a program does in a browser that is given the client and nothing else. */
const program = `
import { pinhole } from 'pinhole/client';

globalThis.play = async (baseUrl) => {
  const server = pinhole({ baseUrl });
  const made = await server.rest.POST('/v1/filesystems', {
    body: { name: 'seen', sizeBytes: 1048576 },
  });
  const seen = server.filesystem('seen');
  const names = [];
  for await (const { picture, event } of seen.watch()) {
    if (event === null)
      await server.rest.POST('/v1/filesystems/{fs}/files', {
        params: { path: { fs: 'seen' } },
        body: { name: 'a' },
      });
    names.push(...[...picture.files.values()].map(({ name }) => name));
    if (names.length > 0) break;
  }
  await seen.file.write('a', Uint8Array.of(1, 2, 255));
  return { status: made.response.status, names, bytes: [...(await seen.file.read('a'))] };
};
`;

test('the client runs in a browser', async () => {
  const page = join(folder, 'page');
  mkdirSync(page);
  writeFileSync(join(page, 'index.html'), '<!doctype html><script type=module src=/a.js></script>');
  writeFileSync(join(page, 'a.js'), program);
  await build({ root: page, configFile: false, logLevel: 'warn' });
  const files = await serveFiles(join(page, 'dist'));
  const server = await serve(folder, bin, '--allowed-origins', files.url);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const opened = await browser.newPage();
    await opened.goto(files.url);
    await opened.waitForFunction('globalThis.play !== undefined');
    expect(await opened.evaluate(`globalThis.play('${server.url}')`)).toEqual({
      status: 201,
      names: ['a'],
      bytes: [1, 2, 255],
    });
  } finally {
    await browser.close();
    await server.stop();
    files.stop();
  }
});
