// How much a program installs and loads that uses the client.
import { readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** The packages that these files import, and the files that they import; types included. */
function packagesOf(...entries: string[]): string[] {
  const files = new Set(entries);
  const packages = new Set<string>();
  for (const path of files) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, path), 'utf8'));
    for (const { fileName } of importedFiles)
      if (!fileName.startsWith('.')) packages.add(fileName);
      else if (!fileName.endsWith('.d.ts')) files.add(posix.join(posix.dirname(path), fileName));
  }
  return [...packages].sort();
}

it('the client has at most three dependencies, its types included', () => {
  const packages = packagesOf('src/client/index.ts', 'src/client/browser.ts');
  expect(packages).toEqual(['openapi-fetch', 'ws', 'zod']);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(packages));
});

it('it needs no package for WebSockets in a browser', () => {
  expect(packagesOf('src/client/browser.ts')).toEqual(['openapi-fetch', 'zod']);
});
