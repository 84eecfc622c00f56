// Servers by name: URL, token and filesystem. One file of the user, mode 0600, because a context
// may contain a token.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

const zContext = z.strictObject({
  url: z.string(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  fs: z.string().optional(),
});
const zContexts = z.strictObject({
  current: z.string().nullable(),
  contexts: z.record(z.string(), zContext),
});

export type Context = z.infer<typeof zContext>;
export type Contexts = z.infer<typeof zContexts>;

export const contextsFile = (env: Io['env']): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME ?? homedir(), '.config'), 'pinhole', 'contexts.json');

export function readContexts(env: Io['env']): Contexts {
  const file = contextsFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, contexts: {} };
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    return zContexts.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`${file} is not a file of contexts; repair or remove it`);
  }
}

/**
 * Writes another file and renames it, so that a crash leaves the old contexts or the new
 * ones.
 */
export function writeContexts(env: Io['env'], contexts: Contexts): void {
  const file = contextsFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}
