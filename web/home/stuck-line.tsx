// "Is anybody stuck?", in one line over all filesystems.
import { Link } from '../bar/link.tsx';
import { durationText, plural } from '../parts/words.ts';
import { filesystems, type Listed, oldestWaitMs, stuck } from '../state/filesystems.ts';
import { pathOf } from '../state/location.ts';

/** More names would hide the ones that matter most. */
const namedMax = 5;

export function StuckLine() {
  if (filesystems.value === null) return null;
  const some = stuck.value;
  if (some.length === 0)
    return <p class="stuck">Nobody is stuck: no operation waits in any filesystem.</p>;
  const sleepers = some.reduce((sum, { counts }) => sum + counts.sleepers, 0);
  const deadlocks = some.filter(({ waits }) => waits.deadlocked).length;
  const where = plural(some.length, 'filesystem');
  return (
    <p class={`stuck ${deadlocks > 0 ? 'stuck-deadlock' : 'stuck-some'}`}>
      <strong>
        {plural(sleepers, 'operation')} {sleepers === 1 ? 'waits' : 'wait'} in {where}
        {deadlockText(deadlocks, some.length)}:
      </strong>{' '}
      {some.slice(0, namedMax).map((fs, at) => (
        <span key={fs.name}>
          {at === 0 ? '' : ', '}
          <Stuck fs={fs} />
        </span>
      ))}
      {some.length > namedMax ? ` and ${some.length - namedMax} more.` : '.'}
    </p>
  );
}

function deadlockText(deadlocks: number, of: number): string {
  if (deadlocks === 0) return '';
  return of === 1 ? ', with a deadlock' : `, ${deadlocks} of them with a deadlock`;
}

function Stuck({ fs }: { fs: Listed }) {
  const ms = oldestWaitMs(fs) ?? 0;
  return (
    <>
      <Link href={pathOf('waits', fs.name)} class="mono">
        {fs.name}
      </Link>{' '}
      {[fs.waits.deadlocked ? 'with a deadlock' : '', ms > 0 ? `for ${durationText(ms)}` : '']
        .filter(Boolean)
        .join(' ')}
    </>
  );
}
