// How a worker thread is started: from the built file, or from the source in tests and with `npm
// run dev`.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The module of the thread, and the arguments with which Node can load it. */
export function threadOf(name: string, here: string): { filename: string; execArgv?: string[] } {
  if (!here.endsWith('.ts')) return { filename: new URL(`./${name}.js`, here).href };
  return { filename: new URL(`./${name}.ts`, here).href, execArgv: ['--import', withTsx()] };
}

/** On Node 20 `--import tsx` has no effect in a worker thread, so a module of its own calls tsx. */
function withTsx(): string {
  const api = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const code = `import { register } from ${JSON.stringify(pathToFileURL(api).href)}; register();`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
