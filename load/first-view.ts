// The script that a view needs before it can be shown: what index.html loads, the file of the view,
// and what these import.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** `folder` is the built page; `view` the name of a file of web/views. */
export function firstViewBytes(folder: string, view: string): { file: string; bytes: number }[] {
  const assets = join(folder, 'assets');
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const ofView = readdirSync(assets).filter((name) =>
    new RegExp(`^${view}-[^.]+\\.js$`).test(name),
  );
  if (ofView.length !== 1) throw new Error(`${view} has ${ofView.length} files in ${assets}`);
  const files = new Set([...html.matchAll(/assets\/([\w.-]+\.js)"/g)].map(([, name = '']) => name));
  for (const name of ofView) files.add(name);
  // A set that grows while it is read: the imports of imports follow.
  for (const name of files) {
    const code = readFileSync(join(assets, name), 'utf8');
    for (const [, imported = ''] of code.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
      files.add(imported);
  }
  return [...files].map((file) => ({
    file,
    bytes: gzipSync(readFileSync(join(assets, file)), { level: 9 }).length,
  }));
}
