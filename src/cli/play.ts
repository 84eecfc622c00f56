// pinhole play: a script, on a machine in this process or on a filesystem of a server.
import { Command } from 'commander';
import { requestOf } from '../http/command-request.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command as ScriptedCommand } from '../kernel/state.ts';
import { bytesText } from '../script/bytes-text.ts';
import { commandJsonOf } from '../script/command-json.ts';
import { briefArgs, commandText, mkfsText } from '../script/golden.ts';
import { play } from '../script/play.ts';
import { commandLine, eventLine, replyLine } from '../script/trace-lines.ts';
import { bytesOfFile, playableOf } from './lib/course.ts';
import { Refused, Unmet } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { ask } from './lib/request.ts';
import { onServer, playsHere, type Session } from './lib/session.ts';

interface Options {
  quiet?: true;
  check?: true;
  fs?: string;
}

export function playCommand(io: Io): Command {
  const command = new Command('play')
    .description(
      'Plays a script in the golden form, or commands in JSON, and prints a trace: each command, ' +
        'its events and its answer. It needs no server. With --fs each command is a request to ' +
        'a filesystem of a server, and its answer is printed. Exit code 3: with --check, the ' +
        'trace is not the one in the file.',
    )
    .argument('<file>', 'the script; - is stdin')
    .option('--quiet', 'print only the answers')
    .option('--check', 'compare the trace with the lines of the file')
    .option('--fs <name>', 'play on this filesystem of a server');
  example(
    command,
    `printf '> create a 8192\\n> punch-hole a 0 4096\\n' | pinhole play -`,
    `printf '[{"op":"create","args":{"name":"a"}}]' | pinhole play - --quiet -o ndjson`,
  );
  return onServer<Options>(command, io, async (session, { args: [file = ''], options }) => {
    const text = (await bytesOfFile(file, io)).toString('utf8');
    if (options.fs === undefined) return playHere(session, { file, text, options });
    return playThere(session, { file, text, fs: options.fs });
  });
}

async function playHere(
  session: Session,
  { file, text, options }: { file: string; text: string; options: Options },
): Promise<void> {
  playsHere(session);
  const { mkfs, kernel, commands } = playableOf(file, text);
  const items: { command: object; events: unknown[]; replies: unknown[] }[] = [];
  const trace: string[] = [];
  let index = 0;
  for (const effects of play(kernel, commands)) {
    const command = commands[index] as ScriptedCommand;
    index += 1;
    const { events, replies } = effects;
    items.push({ command: commandJsonOf(command), events, replies });
    trace.push(commandLine(command, briefArgs(command), effects));
    trace.push(...events.map(eventLine), ...replies.map(replyLine));
  }
  const shown = options.quiet === true ? trace.filter((line) => /^[<>]/.test(line)) : trace;
  session.output.print({ items }, () => [`> ${mkfsText(mkfs)}`, ...shown].join('\n'));
  if (options.check === true) check(trace, text);
}

/** Throws Unmet at the first line that differs. Comments and mkfs are no part of a trace. */
function check(trace: readonly string[], text: string): void {
  const wanted = text.split('\n').filter((line) => line !== '' && !/^(#|> mkfs )/.test(line));
  const lines = Math.max(wanted.length, trace.length);
  for (let at = 0; at < lines; at += 1) {
    const [one, other] = [wanted[at] ?? '(the end)', trace[at] ?? '(the end)'];
    if (one !== other) throw new Unmet(`line ${at + 1} should be\n  ${one}\nand is\n  ${other}`);
  }
}

/** A refusal ends nothing: a script may show one. */
async function playThere(
  session: Session,
  { file, text, fs }: { file: string; text: string; fs: string },
): Promise<void> {
  const { output } = session;
  const { commands } = playableOf(file, text);
  const items: object[] = [];
  const lines: string[] = [];
  for (const command of commands) {
    const json = commandJsonOf(command);
    const answer = await answerOf(session, fs, json);
    items.push({ command: json, ...answer });
    lines.push(`> ${commandText(command)}`, `< ${answer.status} ${JSON.stringify(answer.answer)}`);
  }
  output.print({ items }, () => lines.join('\n'));
}

async function answerOf(
  session: Session,
  fs: string,
  command: ReturnType<typeof commandJsonOf>,
): Promise<{ status: number; answer: unknown }> {
  const { method, path, query, json: body } = requestOf(command);
  const bytes = command.data === undefined ? {} : { bytes: Buffer.from(command.data, 'base64') };
  const url = `/v1/filesystems/${encodeURIComponent(fs)}${path}`;
  const headers: Record<string, string> = command.keep === true ? { prefer: 'respond-async' } : {};
  const givesBytes = operations.get(command.op)?.gives === 'bytes';
  const asked = { method, url, path: {}, query, body, ...bytes, headers, givesBytes };
  try {
    const { data: given, response } = await ask(session, asked);
    const data = given instanceof Uint8Array ? bytesText(given) : given;
    return { status: response.status, answer: data };
  } catch (error) {
    if (!(error instanceof Refused) || error.problem === null) throw error;
    const { errno, rule, detail, status } = error.problem;
    return { status, answer: { errno, rule, detail } };
  }
}
