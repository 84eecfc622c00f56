// The filesystem on which commands of xfs_io(8) run: a machine in this process, or that of a server.
import { findFile } from '../kernel/fs/inode.ts';
import { spaceOf } from '../kernel/fs/superblock.ts';
import { apply, atRest } from '../kernel/kernel.ts';
import { fileRecord } from '../kernel/records/file.ts';
import type { Kernel, Kind } from '../kernel/state.ts';
import { type CommandJson, commandOf, zCommand } from './command-json.ts';

export interface FileStat {
  ino: number;
  sizeBytes: number;
  blocks512: number;
}

export type XfsIoOutcome =
  | { ok: true; result: Readonly<Record<string, unknown>> }
  | { ok: false; errno: string; rule: string; why: string };

/** A call sleeps, and nobody is there to wake it. */
export class SleepsForEver extends Error {
  override readonly name = 'SleepsForEver';
}

export interface XfsIoMachine {
  readonly kind: Kind;
  /** The bytes of a read or a load are `result.data`. */
  run(command: CommandJson, data?: Uint8Array): Promise<XfsIoOutcome>;
  stat(file: string): Promise<FileStat | null>;
  statfs(): Promise<{ blocks: number; blocksFree: number }>;
}

/** The time of the machine stands still, so every call takes no time. */
export function machineOf(k: Kernel): XfsIoMachine {
  const enter = (command: Parameters<typeof apply>[1]['command']) =>
    apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command });
  return {
    kind: k.geometry.kind,
    async run(json, data) {
      // The schema wants bytes as base64. They are given as they are, because there may be many.
      const parsed = zCommand.parse(data === undefined ? json : { ...json, data: '' });
      const command = { ...commandOf(parsed), ...(data === undefined ? {} : { data }) };
      const { task, replies: first } = enter(command);
      let replies = first;
      for (;;) {
        const outcome = replies.find((one) => one.task === task)?.outcome;
        if (outcome?.ok === true)
          return { ok: true, result: outcome.result as Record<string, unknown> };
        if (outcome !== undefined) return { ok: false, ...outcome.failure };
        if (atRest(k)) throw new SleepsForEver(`${json.op} sleeps, and nothing here wakes it`);
        ({ replies } = enter(null));
      }
    },
    async stat(name) {
      const inode = findFile(k, name);
      return inode === null ? null : fileRecord(k, inode);
    },
    async statfs() {
      return spaceOf(k);
    },
  };
}
