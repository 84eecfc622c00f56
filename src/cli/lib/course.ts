// What `compare` and `play` take: a story, a script, commands in JSON, or a bundle.
import { readFileSync } from 'node:fs';
import { BundleError } from '../../bundle/bundle-error.ts';
import { entriesAfter, openBundle } from '../../bundle/read.ts';
import type { Course } from '../../compare/compare.ts';
import { courseOfEntries, moveOf } from '../../compare/play.ts';
import { courseOfStory } from '../../compare/story-course.ts';
import type { LoggedEntry } from '../../durable/log.ts';
import { createKernel } from '../../kernel/kernel.ts';
import { type MkfsArgs, mkfsArgs } from '../../kernel/ops/mkfs.ts';
import type { Command, Kernel } from '../../kernel/state.ts';
import { parseCommands } from '../../script/command-json.ts';
import { parseScript } from '../../script/golden.ts';
import { ScriptError } from '../../script/script-error.ts';
import { stories } from '../../stories/index.ts';
import { Refused, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { unlimited } from './unlimited.ts';

const bounds = {
  bytesMax: 2 ** 31,
  entriesMax: Number.MAX_SAFE_INTEGER,
  deviceBytesMax: Number.MAX_SAFE_INTEGER,
  limits: unlimited,
};
const scriptLimits = { commandsMax: 1_000_000, bytesMax: 2 ** 30 };

/** The bytes of a file; `-` is stdin. */
export async function bytesOfFile(path: string, io: Io): Promise<Buffer> {
  if (path === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** The commands and the filesystem that they begin on. `what` is a path or the id of a story. */
export async function courseOf(what: string, io: Io): Promise<Course> {
  const story = stories.get(what.toUpperCase());
  if (story !== undefined) return courseOfStory(story);
  if (/^s\d\d$/i.test(what))
    throw new UsageError(`there is no story ${what}; "pinhole story ls" lists them`);
  const bytes = await bytesOfFile(what, io);
  if (bytes.subarray(0, 8).equals(Buffer.from('PHBUNDLE'))) return courseOfBundle(what, bytes);
  const { kernel, commands } = playableOf(what, bytes.toString('utf8'));
  return { kernel, moves: commands.map(moveOf) };
}

async function courseOfBundle(path: string, bytes: Buffer): Promise<Course> {
  try {
    const opened = await openBundle(bytes, bounds);
    const entries: LoggedEntry[] = [];
    for await (const frame of entriesAfter(opened, bounds))
      if ('entries' in frame) entries.push(...frame.entries);
    return courseOfEntries(opened.kernel, entries);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new Refused(`${path}: ${error.message} (${error.rule})`);
  }
}

export interface Playable {
  mkfs: MkfsArgs;
  kernel: Kernel;
  commands: Command[];
}

/** The filesystem on which commands begin that do not make one. */
const usual = { name: 'played', sizeBytes: 2 ** 20, clock: 'manual' };

/** A script in the golden form, or commands in JSON: a list, or {mkfs, commands}. */
export function playableOf(path: string, text: string): Playable {
  try {
    const { mkfs, commands } = /^\s*[[{]/.test(text) ? ofJson(text) : ofScript(text);
    const made = createKernel(mkfs, unlimited, 0);
    if (!made.ok) throw new Refused(`${path}: ${made.failure.why} (${made.failure.rule})`);
    return { mkfs, kernel: made.kernel, commands };
  } catch (error) {
    if (error instanceof ScriptError || error instanceof SyntaxError)
      throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function ofScript(text: string): { mkfs: MkfsArgs; commands: Command[] } {
  const { mkfs, commands } = parseScript(text, scriptLimits);
  return {
    mkfs: mkfs ?? mkfsArgs.parse(usual),
    commands: commands.map(({ command }) => command),
  };
}

function ofJson(text: string): { mkfs: MkfsArgs; commands: Command[] } {
  const json: unknown = JSON.parse(text);
  const { mkfs = {}, commands } = (Array.isArray(json) ? { commands: json } : json) as {
    mkfs?: object;
    commands: unknown;
  };
  const args = mkfsArgs.safeParse({ ...usual, ...mkfs });
  if (!args.success) {
    const [issue] = args.error.issues;
    throw new ScriptError(`mkfs.${issue?.path.join('.')}`, issue?.message ?? 'is wrong');
  }
  return { mkfs: args.data, commands: parseCommands(commands) };
}
