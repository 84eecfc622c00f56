// One number that sums up what all entries so far did: kept beside each batch of the journal and
// computed again by a replay, so that a machine that went another way is noticed at the batch where
// it did.
import { crc32 } from 'node:zlib';
import type { Effects, Kernel } from '../kernel/state.ts';

export function digestOf(before: number, k: Kernel, { task, replies }: Effects): number {
  let text = `${task} ${k.eventSeq} ${k.nowMs} ${k.space.free} ${k.counts.pinnedPages} ${k.tasks.size}`;
  for (const reply of replies)
    text += ` ${reply.task}:${reply.outcome.ok ? 'ok' : reply.outcome.failure.rule}`;
  return crc32(text, before);
}
