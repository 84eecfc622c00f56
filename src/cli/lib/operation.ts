// An operation of the kernel as a command. Its arguments and options are those of its contract; its
// words are in ../operation-words.ts.
import { Command, Option } from 'commander';
import { operationContract } from '../../http/routes/operation.ts';
import type { Operation } from '../../kernel/ops/define.ts';
import { requestArgsOf } from '../../kernel/ops/request-args.ts';
import { strategies } from '../../kernel/reclaim/index.ts';
import { addSource, printBytes, type Source, sourceOf } from './bytes.ts';
import { addFields, addOptions, type Field, fieldsOf, givenFields } from './fields.ts';
import { example } from './help.ts';
import type { Io } from './io.ts';
import { isEnded } from './operation-text.ts';
import { operationFacts } from './record-tables.ts';
import { ask } from './request.ts';
import { filesystemOf, onServer, type Session } from './session.ts';
import {
  addWaiting,
  demandSuccess,
  type OperationRecord,
  timedOut,
  type Waiting,
  waitHeaders,
  whenEnded,
} from './waiting.ts';

/** What a person writes and reads about an operation. */
export interface OperationWords {
  /** The name of the command, if it is not that of the operation. */
  command?: string;
  summary: string;
  examples: readonly string[];
  /** The result in a sentence; `target` is the name or id that the operation acted on. */
  tell(result: never, target: string): string;
}

interface Options extends Waiting, Source {
  fs?: string;
}

export const fsOption = (): Option =>
  new Option('--fs <name>', 'the filesystem (PINHOLE_FS); not needed if the server has only one');

const targets = {
  file: 'the name of the file',
  mapping: 'the id of the mapping, map_…',
  pin: 'the id of the pin, pin_…',
  operation: 'the id of the operation, op_…',
} as const;

/** Adds the argument for what an operation or a view is about; a filesystem is an option. */
export function addTarget(command: Command, on: Operation['on']): void {
  if (on !== 'filesystem') command.argument(`<${on}>`, targets[on]);
}

export function operationCommand(io: Io, op: Operation, words: OperationWords): Command {
  const { name, on, takes, waits } = op;
  const { summary, doc } = operationContract(op);
  const fields = fieldsOfOperation(op);
  const shared = fieldsOf(requestArgsOf(op), '');
  const command = new Command(words.command ?? name)
    .summary(words.summary)
    .description(`${summary}. ${doc}`);
  addTarget(command, on);
  addFields(command, fields);
  if (takes === 'bytes') addSource(command);
  command.addOption(fsOption());
  if (waits) addWaiting(command);
  addOptions(command, shared, 'Request:');
  example(command, ...words.examples);
  return onServer<Options>(command, io, async (session, { args, options }) => {
    const fs = await filesystemOf(session, options.fs);
    const about = (on === 'filesystem' ? undefined : args[0]) ?? fs;
    const given = { ...givenFields(command, fields), ...givenFields(command, shared) };
    const bytes = takes === 'bytes' ? await sourceOf(options, session) : null;
    await perform(session, { op, words, fs, about, given, bytes, options });
  });
}

/** A strategy checks its own options, so they are not in the schema of set-strategy. */
function fieldsOfOperation(op: Operation): Field[] {
  const fields = fieldsOf(op.args, op.name);
  return op.name === 'set-strategy' ? [...fields, ...strategyFields([])] : fields;
}

/** The options of all strategies. A value that only one of them has is one of the choices. */
export function strategyFields(above: readonly string[]): Field[] {
  const fields = new Map<string, Field>();
  for (const { name, options } of strategies.values())
    for (const field of fieldsOf(options, '', above)) {
      const known = fields.get(field.flag);
      const doc = known === undefined ? `of ${name}` : `${known.doc}, ${name}`;
      const values = [...new Set([...(known?.values ?? []), ...(field.values ?? [])])];
      fields.set(field.flag, { ...field, doc, values, required: false, initial: undefined });
    }
  return [...fields.values()];
}

/** The name of a strategy in a request that has other fields, too. */
export const strategyName: Field = {
  path: ['strategy', 'name'],
  flag: 'strategy',
  kind: 'text',
  values: [...strategies.keys()],
  doc: 'the reclaim strategy',
  required: false,
  initial: undefined,
};

interface Performed {
  op: Operation;
  words: OperationWords;
  fs: string;
  about: string;
  given: Record<string, unknown>;
  bytes: Uint8Array | null;
  options: Waiting;
}

async function perform(session: Session, performed: Performed): Promise<void> {
  const { op, words, fs, about, given, bytes, options } = performed;
  const { method, url } = operationContract(op);
  const began = Date.now();
  const { data, response } = await ask(session, {
    method,
    url,
    path: { fs, ...(op.on === 'filesystem' ? {} : { [op.on]: about }) },
    ...(op.takes === 'json' ? { body: given } : { query: given }),
    ...(bytes === null ? {} : { bytes }),
    headers: waitHeaders(options),
    givesBytes: op.gives === 'bytes',
  });
  if (response.status === 202) {
    const accepted = data as OperationRecord;
    await printAccepted(session, performed, { accepted, untilMs: began + (options.wait ?? 0) });
  } else if (op.gives === 'bytes')
    printBytes(session, data as Uint8Array, Number(given.offset ?? 0));
  else session.output.print(data, () => words.tell(data as never, about));
}

/** The operation had not ended when the server answered. */
async function printAccepted(
  session: Session,
  { op, words, fs, about, options }: Performed,
  { accepted, untilMs }: { accepted: OperationRecord; untilMs: number },
): Promise<void> {
  const { id } = accepted;
  const { output, io } = session;
  const { async, wait } = options;
  const last = wait === undefined ? accepted : await whenEnded(session, { fs, id }, untilMs);
  if (isEnded(last) && async !== true) {
    demandSuccess(last);
    const { result } = last;
    if (op.gives === 'bytes') output.print(last, () => operationFacts(last));
    else output.print(result, () => words.tell(result as never, about));
    return;
  }
  // In a stepped filesystem an operation that nobody waits for has not taken a step yet.
  const isOver = async !== true && (wait !== undefined || last.state === 'sleeping');
  // The error says what a table would say.
  if (!isOver || output.format !== 'table') output.print(last, () => operationFacts(last));
  if (isOver) throw timedOut(last);
  if (async !== true) io.say(`${id} takes its steps with "pinhole step"`);
}
