// Runs one comparison in a worker thread. A machine travels as the records of its snapshot, in
// pieces, so that the thread that sends it is never busy for long.
import type { MessagePort } from 'node:worker_threads';
import { z } from 'zod';
import { createKernel } from '../kernel/kernel.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import { type ContentChunk, Restore, type SnapshotRecord } from '../kernel/snapshot.ts';
import type { Kernel, KernelLimits } from '../kernel/state.ts';
import { commandOf, zCommand } from '../script/command-json.ts';
import { type Choice, type Course, compare } from './compare.ts';
import { type Move, moveOf, type PlayLimits, TooLarge } from './play.ts';

/** Commands of a client on a new machine. They are parsed here, because that takes time. */
export interface CommandSource {
  mkfs: MkfsArgs;
  limits: KernelLimits;
  commands: unknown;
}

export interface CompareTask {
  /** Null: the machine and its moves come through the port. */
  source: CommandSource | null;
  choices: readonly Choice[];
  limits: PlayLimits;
  port: MessagePort;
}

export type Piece =
  | { kind: 'records'; records: SnapshotRecord[] }
  | { kind: 'content'; chunks: ContentChunk[] }
  | { kind: 'moves'; moves: Move[] }
  | { kind: 'end' };

export type CompareAnswer =
  /** The JSON of the answer, ready to be sent. */
  | { kind: 'table'; json: Uint8Array }
  | { kind: 'invalid'; issues: z.core.$ZodIssue[] }
  | { kind: 'refused'; failure: { errno: string; rule: string; why: string } }
  | { kind: 'too-large'; why: string; limit: number };

/** The entry point of the thread. */
export async function work({ source, choices, limits, port }: CompareTask): Promise<CompareAnswer> {
  try {
    // The time that a comparison may take begins now, and not while it was queued.
    port.postMessage('began');
    const course = source === null ? await receive(port) : courseOf(source);
    if ('kind' in course) return course;
    const rows: string[] = [];
    compare(course, choices, { limits, done: (row) => void rows.push(JSON.stringify(row)) });
    return { kind: 'table', json: Buffer.from(`{"strategies":[${rows.join(',')}]}`) };
  } catch (error) {
    if (error instanceof TooLarge)
      return { kind: 'too-large', why: error.message, limit: error.limit };
    throw error;
  } finally {
    port.close();
  }
}

function courseOf({ mkfs, limits, commands }: CommandSource): Course | CompareAnswer {
  const parsed = z.object({ commands: z.array(zCommand) }).safeParse({ commands });
  if (!parsed.success) return { kind: 'invalid', issues: parsed.error.issues };
  const made = createKernel(mkfs, limits, 0);
  if (!made.ok) return { kind: 'refused', failure: made.failure };
  return {
    kernel: made.kernel,
    moves: parsed.data.commands.map((json) => moveOf(commandOf(json))),
  };
}

async function receive(port: MessagePort): Promise<Course> {
  const restore = new Restore();
  const moves: Move[] = [];
  for await (const piece of piecesOf(port)) {
    if (piece.kind === 'records') for (const record of piece.records) restore.add(record);
    else if (piece.kind === 'content') for (const chunk of piece.chunks) restore.addContent(chunk);
    else if (piece.kind === 'moves') for (const move of piece.moves) moves.push(move);
  }
  const kernel: Kernel = restore.kernel;
  return { kernel, moves };
}

async function* piecesOf(port: MessagePort): AsyncGenerator<Piece> {
  const waiting: Piece[] = [];
  let wake = () => {};
  port.on('message', (piece: Piece) => {
    waiting.push(piece);
    wake();
  });
  for (;;) {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
      if (piece.kind === 'end') return;
      yield piece;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
