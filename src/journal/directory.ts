// The folder of the journal, made where it is missing. Not by `mkdirSync(…, { recursive: true })`,
// which never comes back from a place such as /proc, where no folder can be made and every attempt
// says that the parent is missing.
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
