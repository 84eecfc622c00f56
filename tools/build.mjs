// `npm run build` makes dist/ of src/, web/ and docs/. It takes nearly no time if nothing has changed.
// `npm start` calls it with --docs-aside, because the docs take longer than all the rest: they are
// built while the server starts, and it serves them as soon as they are there.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildDocs } from '../site/build.mjs';
import { buildPage } from '../web/build.mjs';
import { makeOnce, root } from './make-once.mjs';

/** Folders of dist/ that are not made of src/. */
const others = ['web', 'docs'];

function run(command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', command), ...args], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} exited with ${code}`)),
    );
  });
}

/** The compiler does not remove what it made of a file that is gone, and the package would ship it. */
function removeStale() {
  const dist = join(root, 'dist');
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = /^(.*?)\.(?:js|js\.map|d\.ts)$/.exec(name)?.[1];
    if (source === undefined || others.includes(source.split(/[/\\]/)[0])) continue;
    if (!existsSync(join(root, 'src', `${source}.ts`))) rmSync(join(dist, name));
  }
}

// Types are checked by `npm run check`. Here that would only take time: twice as much as the rest.
const server = {
  what: 'the server',
  of: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
  stamp: join(root, 'dist/.made-of-src'),
  make: async () => {
    await run('typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck');
    removeStale();
  },
};

/** Goes on when this process has ended, and is not ended by the Ctrl-C that stops the server. */
function buildDocsAside() {
  const args = [join(root, 'site/build.mjs')];
  spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 2], detached: true }).unref();
}

const aside = process.argv.includes('--docs-aside');
await Promise.all([makeOnce(server), buildPage(), ...(aside ? [] : [buildDocs()])]);
if (aside) buildDocsAside();
