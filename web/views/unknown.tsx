import { Link } from '../bar/link.tsx';
import { pathOf } from '../state/location.ts';

export function View() {
  return (
    <section class="column">
      <h1>There is no such view</h1>
      <p>
        The address names no view of this page. <Link href={pathOf('home')}>All filesystems</Link>
      </p>
    </section>
  );
}
