// Whether anybody waits, in a few words that lead to Waits; also said to a screen reader.
import { computed } from '@preact/signals';
import { durationText, plural } from '../parts/words.ts';
import { filesystemMs, wallMs } from '../state/clock.ts';
import { pathOf } from '../state/location.ts';
import { waitGraph } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import { Link } from './link.tsx';

const sleepers = computed(() => {
  const operations = watched.value?.picture?.operations.values() ?? [];
  return [...operations].filter(({ state }) => state === 'sleeping');
});

const oldestMs = computed(() =>
  Math.min(...sleepers.value.map(({ sleepingOn }) => sleepingOn?.sinceMs ?? filesystemMs.value)),
);

export function Waiting({ fs }: { fs: string }) {
  const count = sleepers.value.length;
  if (watched.value?.picture == null) return null;
  if (count === 0) return <span class="soft small">nobody waits</span>;
  const forMs = filesystemMs.value - oldestMs.value;
  return (
    <Link href={pathOf('waits', fs)} class="small">
      {plural(count, 'operation')} waiting
      {forMs > 0 ? `, ${count === 1 ? 'for' : 'longest'} ${durationText(forMs)}` : ''}
    </Link>
  );
}

/** Changes at most once a second, with `wallMs`: a screen reader reads every change aloud. */
const said = computed(() => {
  if (wallMs.value === 0 || watched.peek()?.picture == null) return '';
  const deadlocks = waitGraph.peek().data?.cycles.length ?? 0;
  return `${plural(sleepers.peek().length, 'operation')} waiting, ${plural(deadlocks, 'deadlock')}`;
});

export function Said() {
  return (
    <p class="unseen" aria-live="polite">
      {said.value}
    </p>
  );
}
