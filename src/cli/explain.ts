// pinhole explain: why an operation waits, in prose, and a deadlock as lockdep draws it.
import { Command } from 'commander';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { fsOption } from './lib/operation.ts';
import { blockerText, sleepText } from './lib/operation-text.ts';
import { columns } from './lib/output.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, filesystemOf, onServer } from './lib/session.ts';
import { timeText } from './lib/sizes.ts';
import { filled } from './lib/text.ts';

type Explanation = Schemas['Explanation'];

export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .description(
      'Explains why an operation waits: what it sleeps on, who holds that, what would end the ' +
        'wait, which operations wait behind it, and what the other strategies would do. A ' +
        'deadlock is drawn in columns, as lockdep does for two CPUs.',
    )
    .argument('<operation>', 'such as op_18')
    .option('--path', 'list the events of the operation too')
    .addOption(fsOption());
  example(command, 'pinhole explain op_6');
  return onServer<{ path?: true; fs?: string }>(command, io, async (session, call) => {
    const [operation = ''] = call.args;
    const fs = await filesystemOf(session, call.options.fs);
    const path = { fs, operation };
    const explanation = await demand(
      session.client.GET('/v1/filesystems/{fs}/operations/{operation}/explain', {
        params: { path },
      }),
    );
    session.output.print(explanation, () =>
      textOf(io, explanation, { withPath: call.options.path === true }),
    );
  });
}

function textOf(io: Io, explanation: Explanation, { withPath }: { withPath: boolean }): string {
  const { cycles, path } = explanation;
  const paragraphs = [
    stateOf(explanation),
    endingOf(explanation),
    behindOf(explanation),
    ...cycles.map(({ explanation: text }) => `This is a deadlock: ${text}`),
  ].filter((text) => text !== '');
  return [
    ...paragraphs.map((text) => filled(io.stdout, text)),
    ...cycles.flatMap(({ columns: drawn }) => (drawn === null ? [] : [drawn.trimEnd()])),
    othersOf(explanation),
    ...(withPath ? [columns(['event', 'time', 'type', 'data'], path.map(stepOf))] : []),
  ].join('\n\n');
}

const stepOf = ({ seq, timeMs, type, data }: Explanation['path'][number]) => [
  seq,
  timeText(timeMs),
  type.replace(/^pinhole\./, ''),
  JSON.stringify(data),
];

function stateOf({ operation }: Explanation): string {
  const { id, op, owner, file, state, sleepingOn, blockedBy, holds, sleptMs, problem } = operation;
  const who = owner === null ? '' : ` of ${owner}`;
  const what = `${id} (${op}${who}${file === null ? '' : ` on ${file}`})`;
  if (sleepingOn === null) {
    const why = problem === undefined ? '' : `: ${problem.errno}, ${problem.detail}`;
    const slept = sleptMs === 0 ? '' : ` It slept ${timeText(sleptMs)}.`;
    return `${what} is ${state}${why.replace(/\.$/, '')}.${slept}`;
  }
  // A manual clock may stand still, and then the time says nothing.
  const time = sleptMs === 0 ? '' : `, for ${timeText(sleptMs)}`;
  const verb = sleepingOn.state === 'R' ? 'spins' : 'sleeps';
  const signal = sleepingOn.state === 'S' ? 'A signal ends the wait.' : 'A signal has no effect.';
  const blockers = blockedBy.map(blockerText).join('; ');
  const locks = holds.map(({ lock, file: of, mode }) => `${lock} of ${of} (${mode})`).join(', ');
  return [
    `${what} ${verb} on ${sleepText(sleepingOn, file)}${time}. ${signal}`,
    ...(blockers === '' ? [] : [`It is blocked by ${blockers}.`]),
    ...(locks === '' ? [] : [`It holds ${locks}.`]),
  ].join(' ');
}

const commands = { unpin: 'pinhole unpin', munmap: 'pinhole munmap', cancel: 'pinhole cancel' };

function endingOf({ operation, released, notRun }: Explanation): string {
  if (operation.sleepingOn === null) return '';
  if (released === null)
    return notRun === null ? '' : `What ends the wait is not known: ${notRun}.`;
  const { order, enough } = released;
  if (order.length === 0) return 'Nothing that can be released is in its way.';
  const steps = order.map(({ do: does, id }) => `${commands[does]} ${id}`);
  const others = order.length === 1 ? 'This ends' : 'These, in this order, end';
  const ends = enough ? `${others} the wait` : 'These are not enough to end the wait';
  return `${ends}: ${steps.join('; ')}.`;
}

function behindOf({ behind }: Explanation): string {
  if (behind.length === 0) return '';
  const texts = behind.map(({ operation, op, owner, because }) => {
    const who = owner === null ? '' : ` of ${owner}`;
    return `${operation} (${op}${who}) waits for ${because}`;
  });
  return `Behind it: ${texts.join('; ')}.`;
}

function othersOf({ others, strategy, notRun, operation }: Explanation): string {
  if (operation.sleepingOn === null) return `The strategy is ${strategy.name}.`;
  if (others.length === 0)
    return notRun === null
      ? `The strategy is ${strategy.name}.`
      : `The strategy is ${strategy.name}. The others were not tried: ${notRun}.`;
  const table = columns(
    ['strategy', 'it would be', 'blocks busy', 'detached', 'deadlocks', 'warnings'],
    others.map((one) => [
      one.strategy,
      one.errno === undefined ? one.outcome : `${one.outcome} (${one.errno})`,
      one.blocksBusy,
      one.blocksDetached,
      one.deadlocks,
      one.warnings,
    ]),
  );
  return `The strategy is ${strategy.name}. Under another one now:\n\n${table}`;
}
