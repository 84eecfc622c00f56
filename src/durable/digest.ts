// A checksum of the results of all entries so far. It is stored with each batch, and a replay
// computes it again. If the simulated machine behaves differently, the replay notices it at the
// first batch that differs.
import { crc32 } from 'node:zlib';
import type { Effects, Kernel } from '../kernel/state.ts';

export function digestOf(before: number, k: Kernel, { task, replies }: Effects): number {
  const { pinnedPages } = k.counts;
  let text = `${task} ${k.eventSeq} ${k.nowMs} ${k.space.free} ${pinnedPages} ${k.tasks.size}`;
  for (const reply of replies)
    text += ` ${reply.task}:${reply.outcome.ok ? 'ok' : reply.outcome.failure.rule}`;
  return crc32(text, before);
}
