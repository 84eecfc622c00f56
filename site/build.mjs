// Builds the docs into dist/docs: first every page as Markdown (stage.ts), then the site, and each
// only if something has changed. The site is built in a folder of its own and then renamed, so that a
// server that runs meanwhile never serves half of it.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { makeOnce, root } from '../tools/make-once.mjs';

const pages = '.docs-pages';

/** What it prints is only of interest if it fails. */
function run(args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => said.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the docs cannot be built:\n${Buffer.concat(said)}`));
    });
  });
}

/** Only with gzip: the docs are read far less often than the page, and the package carries them. */
function compress(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|css|html|svg|json)$/.test(name)) continue;
    const content = readFileSync(join(folder, name));
    // Smaller files fit into one packet anyway.
    if (content.length >= 1024)
      writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}

/** The reader of the OpenAPI document is a program of its own, so no bundler needs to read it. */
function addApiReader(folder) {
  for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css'])
    cpSync(join(root, 'node_modules/swagger-ui-dist', name), join(folder, 'swagger', name));
}

async function buildSite(target) {
  const outDir = `${target}-${process.pid}`;
  const old = `${outDir}-old`;
  try {
    await run(['node_modules/vitepress/bin/vitepress.js', 'build', 'site'], {
      PINHOLE_DOCS_TARGET: outDir,
    });
    addApiReader(outDir);
    compress(outDir);
    if (existsSync(target)) renameSync(target, old);
    renameSync(outDir, target);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Pages are generated from src/, so a change there may change them; usually it does not. */
export function buildDocs(target = join(root, 'dist/docs')) {
  const how = ['site', 'package-lock.json'];
  return makeOnce({
    what: 'the pages of the docs',
    of: [
      'docs',
      'src',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'clients/python/README.md',
      'web/style/tokens.css',
      ...how,
    ],
    // The server serves no file whose name begins with a dot.
    stamp: join(target, '.made-of'),
    make: async () => {
      await run(['--import', 'tsx', 'site/stage.ts', pages]);
      await makeOnce({
        what: 'the docs',
        of: [pages, 'web/style/tokens.css', ...how],
        stamp: join(target, '.made-of-pages'),
        make: () => buildSite(target),
      });
    },
  });
}

// A test calls this file with another folder.
if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildDocs(process.argv[2] && resolve(root, process.argv[2]));
