// Rendezvous hashing (Thaler and Ravishankar): every node finds the same heir for a filesystem, and
// when a node goes, only its filesystems get other ones.
import { createHash } from 'node:crypto';

const weightOf = (node: string, fs: string): number =>
  createHash('sha256').update(`${node}/${fs}`).digest().readUIntBE(0, 6);

/** Null if there is no node. */
export function winnerOf<N extends { id: string }>(nodes: readonly N[], fs: string): N | null {
  let best: N | null = null;
  let most = -1;
  for (const node of nodes) {
    const weight = weightOf(node.id, fs);
    if (weight <= most) continue;
    best = node;
    most = weight;
  }
  return best;
}
