// A step of the build: makes a folder from files, and only if one of the files has changed since.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Every file below `path`, or `path` itself if it is a file; relative to the root. */
function filesIn(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length))
    .sort();
}

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesIn))
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/**
 * Calls `make` unless `stamp` says that its result was made of the same files. `make` may replace
 * the folder of the stamp. Says what it does on stderr, because stdout belongs to what starts next.
 */
export async function makeOnce({ what, of, stamp, make }) {
  const madeOf = digestOf(of);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === madeOf) return;
  const begun = performance.now();
  process.stderr.write(`Building ${what} …\n`);
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, madeOf);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stderr.write(`Built ${what} in ${seconds} s.\n`);
}
