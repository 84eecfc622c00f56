// pinhole step: steps of a stepped scheduler.
import { Command, Option } from 'commander';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { fsOption } from './lib/operation.ts';
import { columns } from './lib/output.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, filesystemOf, onServer } from './lib/session.ts';
import { wholeOf } from './lib/sizes.ts';

type Until = NonNullable<Schemas['SchedulerStepArgs']['until']>;
type Stepped = Schemas['SchedulerStepResult'];

interface Options {
  fs?: string;
  until?: Until;
  random?: true;
  seed?: number;
}

const untils: readonly Until[] = ['blocked', 'deadlock', 'done'];

export function stepCommand(io: Io): Command {
  const command = new Command('step')
    .description(
      'Takes one step of one task of a stepped filesystem, or with --until as many as it takes. ' +
        'A task is the id of an operation, kworker or timer; without one the first that can run.',
    )
    .argument('[task]', 'op_…, kworker or timer')
    .addOption(
      new Option(
        '--until <what>',
        'take steps until an operation sleeps, a deadlock is found, or all have ended',
      ).choices(untils),
    )
    .option('--random', 'choose the task of each step by chance')
    .addOption(new Option('--seed <number>', 'of --random (default: 1)').argParser(wholeOf))
    .addOption(fsOption());
  example(command, 'pinhole step --until blocked --fs stepped');
  return onServer<Options>(command, io, async (session, { args: [task], options }) => {
    const { until, random, seed } = options;
    if (seed !== undefined && random !== true) throw new UsageError('--seed needs --random');
    const fs = await filesystemOf(session, options.fs);
    const walked = await demand(
      session.client.POST('/v1/filesystems/{fs}/scheduler/step', {
        params: { path: { fs } },
        body: {
          ...(task === undefined ? {} : { task }),
          ...(until === undefined ? {} : { until }),
          ...(random === true ? { random: { seed: seed ?? 1 } } : {}),
        },
      }),
    );
    session.output.print(walked, () => walkedText(walked));
  });
}

const endings: Readonly<Record<Stepped['ended'], string>> = {
  step: 'one step was asked for',
  blocked: 'an operation sleeps',
  deadlock: 'there is a deadlock',
  done: 'every operation has ended',
  idle: 'no task can take a step that changes anything',
  limit: 'the limit of steps is reached; the same command goes on',
};

function walkedText({ task, op, step, steps, ended, runnable }: Stepped): string {
  const taken = task === null ? 'no step taken' : `${task} (${op}) took the step ${step}`;
  const count = steps > 1 ? `${steps} steps; the last: ` : '';
  const next = columns(
    ['can run', 'next step', 'touches'],
    runnable.map((one) => [one.task, one.nextStep, one.touches]),
  );
  return `${count}${taken}; ${endings[ended]}\n${next}`;
}
