// A script as text, in the form of the golden traces: one command on a line.
//
//     > mkfs pmem0 1048576 strategy={"name":"wait-for-refs"} clock=manual
//     # the device begins to read
//     > pin map_1 0 4096 write as G (op_4)
//     > write a 0 {41*4096} nowait (op_5)
//
// A golden trace is a script too: its lines of events and answers are skipped. The number in
// parentheses is that of the operation, so that a reader finds `cancel op_4`; it is not parsed.
import { z } from 'zod';
import type { Operation } from '../kernel/ops/define.ts';
import { operations } from '../kernel/ops/index.ts';
import { type MkfsArgs, mkfsArgs } from '../kernel/ops/mkfs.ts';
import { requestArgsOf } from '../kernel/ops/request-args.ts';
import type { Command } from '../kernel/state.ts';
import { mappingId, opId, pinId } from '../kernel/units.ts';
import { bytesOfText, bytesText, isBytesText } from './bytes-text.ts';
import { type CommandJson, commandOf, withoutDefaults, zCommand } from './command-json.ts';
import { ScriptError } from './script-error.ts';
import { nameOfWord, nameWord, valueOfWord, valueWord, wordsOf } from './words.ts';

/** Arguments that are written without their name, in the order of the schema. */
const positional = new Set(['name', 'offset', 'length', 'sizeBytes', 'access', 'ms', 'task']);
/** Positional arguments that are text. The others are numbers. */
const texts = new Set(['name', 'access', 'task']);

/** The fields of a command that are not arguments of its operation. */
const commonFields = [
  'nowait',
  'failOnDeadlock',
  'keep',
  'timeoutMs',
  'ifMatch',
  'ifNoneMatch',
] as const;
const reserved = new Set<string>([...commonFields, 'args', 'as']);

/** A command as the words of its line, without defaults that nobody has to write. */
export const commandText = (command: Command): string =>
  commandWords({ ...command, args: briefArgs(command) }).join(' ');

/** The arguments without defaults that nobody has to write. */
export function briefArgs({ op, args }: Command): Record<string, unknown> {
  const given = args as Record<string, unknown>;
  const brief = withoutDefaults(op, given);
  const kept = Object.entries(given).filter(([key]) => positional.has(key) || key in brief);
  return Object.fromEntries(kept);
}

/** The words of a command with the arguments as they are given. */
export function commandWords({ op, on, args, data, owner, ...rest }: Command): string[] {
  const words = [op];
  if (on.file !== undefined) words.push(nameWord(on.file));
  if (on.mapping !== undefined) words.push(mappingId(on.mapping));
  if (on.pin !== undefined) words.push(pinId(on.pin));
  if (on.operation !== undefined) words.push(opId(on.operation));
  words.push(...argWords(op, args as Record<string, unknown>));
  if (data !== undefined) words.push(bytesText(data));
  for (const field of commonFields) {
    const value = rest[field];
    if (value === true) words.push(field);
    else if (value !== undefined && value !== false) words.push(`${field}=${valueWord(value)}`);
  }
  if (owner !== undefined) words.push('as', nameWord(owner));
  return words;
}

function argWords(op: string, args: Record<string, unknown>): string[] {
  const entries = Object.entries(args).filter(([, value]) => value !== undefined);
  if (entries.some(([key]) => reserved.has(key) || !/^[A-Za-z][A-Za-z0-9]*$/.test(key)))
    return [`args=${JSON.stringify(args)}`];
  const operation = operations.get(op);
  const places = operation === undefined ? [] : placesOf(operation);
  return entries.map(([key, value]) => {
    // After a place that is empty, a number without a name would be read as another argument.
    const isInPlace = key === places[0] && texts.has(key) === (typeof value === 'string');
    if (isInPlace)
      return texts.has(places.shift() as string) ? nameWord(String(value)) : String(value);
    return value === true ? key : `${key}=${valueWord(value)}`;
  });
}

const placesOf = ({ args }: Operation): string[] =>
  Object.keys((args as z.ZodObject).shape).filter((key) => positional.has(key));

/** The line that makes the filesystem of a script. */
export function mkfsText({ name, sizeBytes, ...rest }: MkfsArgs): string {
  const brief = Object.entries(rest).filter(([key, value]) => {
    const field = mkfsArgs.shape[key as keyof typeof rest];
    return (
      value !== undefined &&
      (!(field instanceof z.ZodDefault) ||
        JSON.stringify(field.parse(undefined)) !== JSON.stringify(value))
    );
  });
  return [
    'mkfs',
    name,
    sizeBytes,
    ...brief.map(([key, value]) => `${key}=${valueWord(value)}`),
  ].join(' ');
}

export interface ScriptCommand {
  command: Command;
  /** The number of its line. */
  line: number;
}

export interface Script {
  /** How the filesystem is made; null if the text does not say it. */
  mkfs: MkfsArgs | null;
  commands: ScriptCommand[];
}

export interface ScriptLimits {
  commandsMax: number;
  /** Of all commands together. A short text can describe any number of bytes. */
  bytesMax: number;
}

/** Reads a script. Throws a ScriptError that names the line of the first mistake. */
export function parseScript(text: string, limits: ScriptLimits): Script {
  const script: Script = { mkfs: null, commands: [] };
  let bytesLeft = limits.bytesMax;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const words = commandLineOf(raw, line);
    if (words === null) continue;
    if (words[0] === 'mkfs') {
      if (script.mkfs !== null || script.commands.length > 0)
        throw new ScriptError(`line ${line}`, 'mkfs must be the first command');
      script.mkfs = mkfsOfWords(words.slice(1), line);
      continue;
    }
    if (script.commands.length === limits.commandsMax)
      throw new ScriptError(
        `line ${line}`,
        `the script has more than ${limits.commandsMax} commands, the maximum`,
      );
    const command = commandOfWords(words, line, bytesLeft);
    bytesLeft -= command.data?.length ?? 0;
    script.commands.push({ command, line });
  }
  return script;
}

/** The words of a line that has a command; null for a comment, an event or an answer. */
function commandLineOf(raw: string, line: number): string[] | null {
  const text = raw.trim();
  if (text === '' || /^(#|<|\d+ )/.test(text)) return null;
  if (!text.startsWith('>'))
    throw new ScriptError(
      `line ${line}`,
      'a command begins with ">", a comment with "#"; lines of a trace that begin with "<" or ' +
        'a time are skipped',
    );
  const words = wordsOf(text.slice(1));
  if (words === null) throw new ScriptError(`line ${line}`, 'a quoted text has no end');
  if (words.length === 0) throw new ScriptError(`line ${line}`, 'the command is missing');
  if (/^\(op_\d+\)$/.test(words.at(-1) as string)) words.pop();
  return words;
}

function mkfsOfWords(words: string[], line: number): MkfsArgs {
  const raw: Record<string, unknown> = {};
  const [name, sizeBytes, ...rest] = words;
  if (name !== undefined) raw.name = nameOfWord(name);
  if (sizeBytes !== undefined) raw.sizeBytes = valueOfWord(sizeBytes);
  for (const word of rest) {
    const { key, value } = namedOf(word);
    raw[key] = value;
  }
  return parsed(mkfsArgs, raw, line);
}

function namedOf(word: string): { key: string; value: unknown } {
  const equals = word.indexOf('=');
  if (equals === -1) return { key: word, value: true };
  return { key: word.slice(0, equals), value: valueOfWord(word.slice(equals + 1)) };
}

function commandOfWords([op, ...words]: string[], line: number, bytesMax: number): Command {
  const operation = operations.get(op ?? '');
  if (operation === undefined) throw new ScriptError(`line ${line}`, `there is no operation ${op}`);
  const json: CommandJson = { op: operation.name };
  if (operation.on !== 'filesystem') {
    const target = words.shift();
    if (target === undefined)
      throw new ScriptError(`line ${line}`, `the ${operation.on} is missing`);
    json.on = { [operation.on]: nameOfWord(target) };
  }
  if (operation.name === 'scheduler-step') dropStepTaken(words);
  const data = readWords(operation, words, json, line);
  const command = commandOf(parsed(zCommand, { ...json, ...(data && { data: '' }) }, line));
  if (data !== null) command.data = dataOf(data, line, bytesMax);
  return command;
}

/** A trace names the step that was taken after its task: `op_5 pin.begin`, or `nothing`. */
function dropStepTaken(words: string[]): void {
  if (words[0] === 'nothing') words.shift();
  else if (/^[a-z-]+\.[A-Za-z]+$/.test(words[1] ?? '')) words.splice(1, 1);
}

/** Sorts the words of a command into its arguments and its other fields. Returns its bytes. */
function readWords(
  operation: Operation,
  words: string[],
  json: CommandJson,
  line: number,
): string | null {
  const places = placesOf(operation);
  const fields = new Set<string>([...commonFields, ...Object.keys(requestArgsOf(operation).shape)]);
  const args: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  let data: string | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (isBytesText(word)) {
      data = word;
      continue;
    }
    if (word === 'as') {
      at += 1;
      rest.owner = nameOfWord(words[at] ?? '');
      continue;
    }
    const place = placeOf(word, places);
    const { key, value } = namedOf(word);
    if (place !== null) args[place] = texts.has(place) ? nameOfWord(word) : Number(word);
    else if (key === 'args' && typeof value === 'object') Object.assign(args, value);
    else if (fields.has(key)) rest[key] = value;
    else args[key] = value;
  }
  if (data !== null && operation.takes !== 'bytes')
    throw new ScriptError(`line ${line}`, `${operation.name} takes no bytes`);
  Object.assign(json, rest, { args });
  return data;
}

/** Takes the argument that a word without a name is, from those that are still to come. */
function placeOf(word: string, places: string[]): string | null {
  if (/^\d+$/.test(word) && places[0] !== undefined && !texts.has(places[0]))
    return places.shift() as string;
  const text = places.findIndex((key) => texts.has(key));
  if (text === -1 || /^[A-Za-z]+=/.test(word)) return null;
  return places.splice(0, text + 1).at(-1) as string;
}

function dataOf(text: string, line: number, max: number): Uint8Array {
  const bytes = bytesOfText(text, max);
  if (bytes === null)
    throw new ScriptError(
      `line ${line}`,
      'the bytes must be {41*4096,00*100} in hex, or base64: and base64',
    );
  if (typeof bytes === 'number')
    throw new ScriptError(`line ${line}`, `more bytes than the script may have (${max} are left)`);
  return bytes;
}

function parsed<T>(type: z.ZodType<T>, value: unknown, line: number): T {
  const result = type.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0] as z.core.$ZodIssue;
  const field = path.filter((part) => part !== 'args').map(String);
  throw new ScriptError(`line ${line}`, [...field, message].join(': '));
}
