// The package, as a stranger gets it: packed, installed into an empty folder, used.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must, type Packed, pack, root } from './packed.ts';

let packed: Packed;
let folder: string;
/** What npm printed while it installed. */
let installation: string;

beforeAll(async () => {
  packed = await pack();
  folder = join(packed.home, 'stranger');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const { stdout, stderr } = await must(folder, 'npm', ['install', packed.tarball], {
    npm_config_cache: join(packed.home, 'cache'),
  });
  installation = stdout + stderr;
});
afterAll(() => packed?.remove());

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
  expect(packed.size).toBeLessThan(3_000_000);
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
