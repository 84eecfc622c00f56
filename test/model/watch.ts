// Connects the content model to a machine: records each command before it runs, and follows its
// events afterwards.
import type { LawName } from '../../src/kernel/invariants.ts';
import { Panic } from '../../src/kernel/panic.ts';
import type { Command, Effects, Inode, Kernel, Kind } from '../../src/kernel/state.ts';
import { type Choice, letters, type Machine, machine, page, type Watch } from '../machine.ts';
import { perform, type RandomCommand, spread } from './commands.ts';
import { type ContentModel, compare, createModel, deviceWrote, follow, target } from './content.ts';

/**
 * Law 11: an operation that a signal ended changed nothing. Told only where nobody else ran in the
 * same entry.
 */
function unchanged(before: string, after: string): void {
  if (before !== after)
    throw new Panic(`law 11: EINTR changed the file: ${before} became ${after}`);
}

const stateOf = ({ sizeBytes, version, modifiedMs, extents }: Inode): string =>
  `${sizeBytes} ${version} ${modifiedMs} ${extents.pages} ${extents.extents}`;

/** Follows the content of every file, and checks it after every command. */
function watchContent(model: ContentModel): Watch {
  let before: { ino: number; state: string } | null = null;
  return {
    before(k: Kernel, command: Command): void {
      const data = command.data ?? new Uint8Array(0);
      const args = command.args as Record<string, number>;
      const other = k.names.get(String(args.with)) ?? 0;
      model.asked.set(k.nextTask, {
        op: command.op,
        args,
        data,
        ...target(k, command.on),
        other,
        applied: false,
      });
      before = null;
      if (command.op !== 'cancel') return;
      const inode = k.inodes.get(k.tasks.get(command.on.operation as never)?.ino as never);
      if (inode !== undefined) before = { ino: inode.ino, state: stateOf(inode) };
    },
    after(k: Kernel, command: Command, { events, replies, task }: Effects): void {
      const outcomes = new Map(replies.map((reply) => [reply.task as number, reply.outcome]));
      if (command.op === 'dma-write' && outcomes.get(task)?.ok === true) {
        deviceWrote(
          model,
          k,
          Number(command.on.pin),
          Number((command.args as { offset: number }).offset) -
            Number(k.pins.get(Number(command.on.pin) as never)?.offset),
          command.data as Uint8Array,
        );
      }
      follow(model, k, events, outcomes);
      compare(model, k);
      if (
        before === null ||
        replies.length !== 2 ||
        events.some(({ type }) => type === 'layout.broken')
      )
        return;
      const [, ended] = replies;
      const inode = k.inodes.get(before.ino as never);
      const interrupted =
        ended !== undefined && !ended.outcome.ok && ended.outcome.failure.errno === 'EINTR';
      if (interrupted && inode !== undefined) unchanged(before.state, stateOf(inode));
    },
  };
}

export interface Play {
  kind: Kind;
  kernel?: '6.12' | '7.3';
  strategy: Choice;
  scheduler?: 'auto' | 'stepped';
  waitqueue?: { buckets: number; keyed: boolean };
  /** What to check beside the laws. */
  content?: boolean;
  /**
   * Strategy changes are left out, and law 1 is excused from the first block on that was freed
   * under a pin.
   */
  steady?: boolean;
  /** Files of 2 to 6 MiB on a device of 8, so that faults of 2 MiB happen. */
  huge?: boolean;
  folioGranularity?: boolean;
}

const hugeBlocks = 2100;

/** File `a` is 4 MiB of blocks, `b` a hole of 2 MiB and a bit, both mapped. */
function beginHuge(m: Machine, stepped: boolean): void {
  m.create('a', 4 * 2 ** 20);
  m.create('b', 600 * page);
  m.create('c');
  m.map('a', 1100);
  m.map('b', 520);
  m.write('a', new Uint8Array(1024 * page).fill(64), 0);
  if (stepped) m.settle();
}

/** Plays commands on a fresh machine; a broken law comes with the trace that led to it. */
export function play(script: readonly RandomCommand[], options: Play): Machine {
  const { content = true, steady = false, huge = false, ...rest } = options;
  // Under none blocks also move under their pins.
  const except: LawName[] = options.strategy.name === 'none' ? ['law 1'] : [];
  const watch = content ? { watch: watchContent(createModel(huge ? 4096 : 64)) } : {};
  const m = machine({
    ...rest,
    blocks: huge ? hugeBlocks : 20,
    forgiving: steady,
    except,
    ...watch,
  });
  try {
    if (huge) {
      beginHuge(m, options.scheduler === 'stepped');
      for (const [index, command] of script.entries()) {
        if (steady && command.do === 'strategy') continue;
        perform(m, spread(command), 65 + (index % 58));
      }
      return m;
    }
    m.create('a', 3 * page + 100);
    m.create('b', 2 * page);
    m.create('c');
    m.map('a', 6);
    m.map('b', 4);
    if (options.scheduler !== 'stepped') m.write('a', letters('ABC'), 0);
    for (const [index, command] of script.entries()) {
      if (steady && command.do === 'strategy') continue;
      perform(m, command, 65 + (index % 58));
    }
    return m;
  } catch (error) {
    const told = m.trace().split('\n').slice(-60).join('\n');
    throw new Error(`${(error as Error).message}\n${(error as Error).stack}\n…\n${told}`, {
      cause: error,
    });
  }
}
