// A command of the kernel as JSON, with the ids and names that a client sees. Stories, scripts and
// comparisons share this form:
//
//     {"op": "punch-hole", "on": {"file": "a"}, "args": {"offset": 0, "length": 8192}, "owner": "T"}
//
// The schemas are derived from the registry of operations, so a new operation needs no change here.
import { z } from 'zod';
import type { Operation } from '../kernel/ops/define.ts';
import { operations } from '../kernel/ops/index.ts';
import { requestArgsOf } from '../kernel/ops/request-args.ts';
import type { Scope } from '../kernel/records/contract.ts';
import type { Command, Target } from '../kernel/state.ts';
import { idPattern, mappingId, type Numbered, numberOf, opId, pinId } from '../kernel/units.ts';
import { ScriptError } from './script-error.ts';

/** The thing that a command acts on, by its id. An operation on the filesystem has none. */
export interface TargetJson {
  file?: string;
  mapping?: string;
  pin?: string;
  operation?: string;
}

export interface CommandJson {
  op: string;
  on?: TargetJson;
  args?: Record<string, unknown>;
  /** The bytes of a write, a store or a DMA write, in base64. */
  data?: string;
  owner?: string;
  nowait?: boolean;
  timeoutMs?: number;
  failOnDeadlock?: boolean;
  /** The record of the operation stays readable after its end, as with `Prefer: respond-async`. */
  keep?: boolean;
  ifMatch?: string | string[];
  ifNoneMatch?: string | string[];
}

const zId = (kind: Numbered) =>
  z.string().regex(new RegExp(`^${idPattern(kind)}$`), `must be an id such as ${idOf[kind](1)}`);
const idOf = { mapping: mappingId, pin: pinId, operation: opId };

/**
 * The target by scope. A file that cannot exist is ENOENT when the command runs, as for a request,
 * so its name is only bounded.
 */
const zTargets: Readonly<Record<Exclude<Scope, 'filesystem'>, z.ZodType>> = {
  file: z.strictObject({ file: z.string().max(255) }),
  mapping: z.strictObject({ mapping: zId('mapping') }),
  pin: z.strictObject({ pin: zId('pin') }),
  operation: z.strictObject({ operation: zId('operation') }),
};

const zEtags = z.union([z.string().max(1024), z.array(z.string().max(1024)).max(64)]);

function commandOfOperation(op: Operation) {
  const { name, on, args, takes } = op;
  return z.strictObject({
    op: z.literal(name),
    on: (on === 'filesystem' ? z.strictObject({}).optional() : zTargets[on]).describe(
      'What the operation acts on.',
    ),
    // The schema of the operation says which argument is missing.
    args: (args as z.ZodObject)
      .prefault({})
      .describe('The arguments of the operation, as in the request.'),
    ...(takes === 'bytes' ? { data: z.base64().describe('The bytes, in base64.') } : {}),
    ...requestArgsOf(op).shape,
    keep: z
      .boolean()
      .optional()
      .describe('The record of the operation stays readable after its end.'),
    ifMatch: zEtags.optional().describe('The ETags of If-Match, without quotes.'),
    ifNoneMatch: zEtags.optional().describe('The ETags of If-None-Match, without quotes.'),
  });
}

const branches = [...operations.values()].map(commandOfOperation);

/** A command in JSON. A parsed value has every argument that has a default. */
export const zCommand = z.discriminatedUnion('op', branches as [(typeof branches)[0]], {
  error: ({ code }) =>
    code === 'invalid_union' ? 'There is no operation of this name.' : undefined,
}) as unknown as z.ZodType<CommandJson>;

/** Converts a command that `zCommand` has parsed. */
export function commandOf({ on, args, data, ...rest }: CommandJson): Command {
  const command: Command = { ...rest, on: targetOf(on ?? {}), args: args ?? {} };
  // Always a plain array of bytes: the state of a machine must not depend on who read its input.
  if (data !== undefined) command.data = new Uint8Array(Buffer.from(data, 'base64'));
  return command;
}

function targetOf({ file, ...ids }: TargetJson): Target {
  const target: Target = file === undefined ? {} : { file };
  for (const kind of ['mapping', 'pin', 'operation'] as const) {
    const number = ids[kind] === undefined ? null : numberOf(kind, ids[kind]);
    if (number !== null) target[kind] = number;
  }
  return target;
}

/** The opposite of `commandOf`. Arguments with their default value are left out. */
export function commandJsonOf({ op, on, args, data, ...rest }: Command): CommandJson {
  const target = targetJsonOf(on);
  const given = withoutDefaults(op, args as Record<string, unknown>);
  return {
    op,
    ...(Object.keys(target).length === 0 ? {} : { on: target }),
    ...(Object.keys(given).length === 0 ? {} : { args: given }),
    ...(data === undefined ? {} : { data: Buffer.from(data).toString('base64') }),
    ...(rest as Omit<CommandJson, 'op'>),
  };
}

function targetJsonOf({ file, ...numbers }: Target): TargetJson {
  const target: TargetJson = file === undefined ? {} : { file };
  for (const kind of ['mapping', 'pin', 'operation'] as const) {
    const number = numbers[kind];
    if (number !== undefined) target[kind] = idOf[kind](number);
  }
  return target;
}

/** The arguments that a client must write to get these. */
export function withoutDefaults(
  op: string,
  args: Record<string, unknown>,
): Record<string, unknown> {
  const shape = (operations.get(op)?.args as z.ZodObject | undefined)?.shape ?? {};
  return Object.fromEntries(
    Object.entries(args).filter(([name, value]) => {
      const field = shape[name];
      if (value === undefined) return false;
      return !(field instanceof z.ZodDefault) || field.parse(undefined) !== value;
    }),
  );
}

/** Parses commands in JSON. Throws a ScriptError that names the position of the first mistake. */
export function parseCommands(commands: unknown): Command[] {
  const parsed = z.array(zCommand).safeParse(commands);
  if (parsed.success) return parsed.data.map(commandOf);
  throw new ScriptError(...firstIssue(parsed.error));
}

function firstIssue({ issues }: z.ZodError): [where: string, why: string] {
  const { path, message } = issues[0] as z.core.$ZodIssue;
  const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return [`commands${where.join('')}`, message];
}
