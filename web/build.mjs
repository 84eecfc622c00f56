// `npm run build` calls it: builds the page into dist/web, unless what it is made of has not changed.
// The build goes to a folder of its own and is then renamed, so that a server that runs meanwhile
// never serves half of it.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Tests give another folder. */
const target = resolve(root, process.argv[2] ?? 'dist/web');
/** Of what the built page was made. The server serves no file whose name begins with a dot. */
const stamp = '.made-of';

const filesIn = (folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();

/** The types of openapi/ leave no trace in the page, so they are not part of it. */
function digest() {
  const hash = createHash('sha256');
  for (const file of [...filesIn('web'), ...filesIn('src/client'), join(root, 'package-lock.json')])
    hash.update(`${file.slice(root.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

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

async function build(madeOf) {
  // Imported late, because it takes longer than to find out that there is nothing to do.
  const vite = await import('vite');
  const outDir = `${target}-${process.pid}`;
  const old = `${outDir}-old`;
  try {
    await vite.build({ configFile: join(root, 'web/vite.config.ts'), build: { outDir } });
    compress(outDir);
    writeFileSync(join(outDir, stamp), madeOf);
    if (existsSync(target)) renameSync(target, old);
    renameSync(outDir, target);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

mkdirSync(dirname(target), { recursive: true });
const madeOf = digest();
const before = existsSync(join(target, stamp)) ? readFileSync(join(target, stamp), 'utf8') : '';
if (madeOf !== before) await build(madeOf);
