// `npm run build` makes the page from web/ once, and again only if something has changed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'pinhole-build-'));
const folder = join(home, 'web');
const stamp = join(folder, '.made-of');
const build = () => execFileSync(process.execPath, ['web/build.mjs', folder], { stdio: 'pipe' });
const read = (path: string) => readFileSync(join(folder, path));

beforeAll(() => void build());
afterAll(() => rmSync(home, { recursive: true }));

it('names only files that are there, below /ui/, and has no inline script or style', () => {
  const html = read('index.html').toString();
  const named = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url);
  expect(named.length).toBeGreaterThan(1);
  for (const url of named) {
    expect(url).toMatch(/^\/ui\//);
    expect(read(url.slice('/ui/'.length)).length).toBeGreaterThan(0);
  }
  expect(html).not.toMatch(/<script>|<style|style=|\son\w+=/);
});

it('has a compressed variant of every text that is worth it', () => {
  const assets = readdirSync(join(folder, 'assets'));
  const long = assets.filter(
    (name) => /\.(js|css)$/.test(name) && read(`assets/${name}`).length >= 1024,
  );
  expect(long.length).toBeGreaterThan(1);
  for (const name of long) {
    const content = read(`assets/${name}`);
    expect(gunzipSync(read(`assets/${name}.gz`))).toEqual(content);
    expect(brotliDecompressSync(read(`assets/${name}.br`))).toEqual(content);
  }
});

it('is left alone while nothing has changed, and made anew when something has', () => {
  const made = statSync(stamp).ino;
  build();
  expect(statSync(stamp).ino).toBe(made);
  const madeOf = readFileSync(stamp, 'utf8');
  writeFileSync(stamp, 'something else');
  writeFileSync(join(folder, 'assets/old.js'), 'old');
  build();
  expect(readFileSync(stamp, 'utf8')).toBe(madeOf);
  expect(readdirSync(join(folder, 'assets'))).not.toContain('old.js');
  expect(readdirSync(home)).toEqual(['web']);
});
