// Creates the directory of the journal if it is missing. Not with `mkdirSync(…, { recursive: true
// })`, which never returns for a path such as /proc/x: no directory can be created there, and every
// attempt reports that the parent is missing.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Throws an Error that names the folder and says why it cannot be used. */
export function makeDirectory(directory: string): void {
  try {
    const missing: string[] = [];
    for (let at = directory; !existsSync(at) && dirname(at) !== at; at = dirname(at))
      missing.unshift(at);
    for (const at of missing) mkdirSync(at, { mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the journal cannot be written in ${directory}: ${why}`, { cause: error });
  }
}
