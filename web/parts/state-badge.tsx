import type { OperationPicture } from 'pinhole/client';
import './state-badge.css';

/** The state of an operation by a letter and a colour: R, S and D as on Linux; ended by a sign. */
export function StateBadge({ operation }: { operation: OperationPicture }) {
  const letter = stateLetter(operation);
  return (
    <span class={`state state-${letter}`} title={titles[letter]}>
      {letter}
    </span>
  );
}

const titles: Record<string, string> = {
  R: 'running',
  S: 'sleeps; a signal ends the wait',
  D: 'sleeps; no signal ends the wait',
  '✓': 'done',
  '✗': 'failed',
  '∅': 'cancelled by a signal',
};

function stateLetter({ state, sleepingOn }: OperationPicture): string {
  if (state === 'sleeping') return sleepingOn?.state ?? 'S';
  return { running: 'R', done: '✓', failed: '✗', cancelled: '∅' }[state];
}
