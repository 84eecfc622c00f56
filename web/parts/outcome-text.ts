// The answer of an operation in a sentence.
import { durationText, pagesText } from './words.ts';

/** What answers may say: the record of an operation that has not ended, or a result. */
interface Said {
  id?: string;
  op?: string;
  state?: string;
  sleepingOn?: {
    state: string;
    page?: { pfn: number; pgoff: number };
    lock?: { name: string };
    entry?: { pgoff: number };
  } | null;
  blocksFreed?: number;
  blocksBusy?: number;
  blocksDetached?: number;
  pagesReleased?: number;
  pagesUnmapped?: number;
  bytesWritten?: number;
  heldMs?: number;
}

export function outcomeText(what: string, answer: unknown): string {
  const said = (answer ?? {}) as Said;
  if (said.op !== undefined) return recordText(what, said);
  const parts = [
    said.id ?? null,
    counted(said.blocksFreed, 'freed'),
    counted(said.blocksBusy, 'busy'),
    counted(said.blocksDetached, 'detached'),
    counted(said.pagesReleased, 'released'),
    counted(said.pagesUnmapped, 'unmapped'),
    said.bytesWritten === undefined ? null : `${said.bytesWritten} bytes written`,
    said.heldMs === undefined ? null : `held ${durationText(said.heldMs)}`,
  ].filter((part) => part !== null);
  return `${what}: done${parts.length === 0 ? '' : `, ${parts.join(', ')}`}.`;
}

const counted = (pages: number | undefined, word: string): string | null =>
  pages === undefined || pages === 0 ? null : `${pagesText(pages)} ${word}`;

function recordText(what: string, { id, state, sleepingOn }: Said): string {
  if (state !== 'sleeping' || !sleepingOn) return `${what}: ${id} has begun and has not ended yet.`;
  const { page, lock, entry } = sleepingOn;
  const on =
    page !== undefined
      ? `page ${page.pgoff} of the file (pfn ${page.pfn})`
      : (lock?.name ?? `the entry of page ${entry?.pgoff} of the file`);
  return `${what}: ${id} sleeps (${sleepingOn.state}) and waits for ${on}.`;
}
