// Builds the page into dist/web, unless what it is made of has not changed. The build goes to a folder
// of its own and is then renamed, so that a server that runs meanwhile never serves half of it.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { makeOnce, root } from '../tools/make-once.mjs';

/** Smaller files fit into one packet anyway. */
const compressFrom = 1024;

function compress(folder) {
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(js|css|html|svg)$/.test(name),
  );
  for (const name of texts) {
    const file = join(folder, name);
    const content = readFileSync(file);
    if (content.length < compressFrom) continue;
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${file}.br`, brotliCompressSync(content));
  }
}

/** report.html: the template of the report of a lab, with its script and style inside. */
async function buildReport(outDir) {
  const vite = await import('vite');
  const { viteSingleFile } = await import('vite-plugin-singlefile');
  const folder = join(root, 'web/report');
  await vite.build({
    configFile: false,
    root: folder,
    logLevel: 'warn',
    plugins: [viteSingleFile({ removeViteModuleLoader: true })],
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      rolldownOptions: { input: join(folder, 'report.html') },
    },
  });
}

async function build(target) {
  // Imported late, because it takes longer than to find out that there is nothing to do.
  const vite = await import('vite');
  const outDir = `${target}-${process.pid}`;
  const old = `${outDir}-old`;
  try {
    await vite.build({ configFile: join(root, 'web/vite.config.ts'), build: { outDir } });
    await buildReport(outDir);
    compress(outDir);
    if (existsSync(target)) renameSync(target, old);
    renameSync(outDir, target);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** The types of openapi/ leave no trace in the page, so it is not made of them. */
export function buildPage(target = join(root, 'dist/web')) {
  return makeOnce({
    what: 'the page',
    of: ['web', 'src/client', 'package-lock.json'],
    // The server serves no file whose name begins with a dot.
    stamp: join(target, '.made-of'),
    make: () => build(target),
  });
}

// A test calls this file with another folder.
if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildPage(process.argv[2] && resolve(root, process.argv[2]));
