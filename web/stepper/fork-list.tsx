// The moments that Back has opened, and the forks to delete.
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { plural } from '../parts/words.ts';
import { pathOf, place } from '../state/location.ts';
import { deleteForks, forks, trail } from './walk.ts';

export function ForkList({ fs }: { fs: string }) {
  const others = forks.value.filter((name) => name !== fs);
  const stops = trail.value;
  if (others.length === 0 && stops.length < 2) return null;
  const remove = async () => {
    const text = `${others.join(', ')}. What was made from them since stays.`;
    const title = `Delete ${plural(others.length, 'fork')}?`;
    if (await confirm({ title, text, yes: 'Delete' })) await deleteForks(others);
  };
  return (
    <section class="panel" aria-label="Moments">
      <header>
        <h2>Moments, the earliest first</h2>
      </header>
      {stops.length < 2 ? null : (
        <ol class="row moments">
          {stops.map((stop) => (
            <li key={stop.fs}>
              <Link href={pathOf(place.value.view, stop.fs)} class="mono" current={stop.fs === fs}>
                {stop.fs}
              </Link>
            </li>
          ))}
        </ol>
      )}
      {others.length === 0 ? null : (
        <div>
          <Button changes look="danger" onClick={() => remove()}>
            Delete {plural(others.length, 'other fork')} of this window…
          </Button>
        </div>
      )}
    </section>
  );
}
