import { body, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { sizeText } from '../parts/words.ts';
import { useLive } from '../state/live.ts';
import { pathOf } from '../state/location.ts';

export function View() {
  const list = useLive('filesystems', (signal) =>
    body(rest.value.GET('/v1/filesystems', { signal })),
  );
  const { data, problem } = list.value;
  return (
    <section class="column">
      <h1>Filesystems</h1>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <table>
        <tbody>
          {data?.items.map(({ name, kind, sizeBytes, strategy }) => (
            <tr key={name}>
              <td>
                <Link href={pathOf('machine', name)}>{name}</Link>
              </td>
              <td>{kind}</td>
              <td class="number">{sizeText(sizeBytes)}</td>
              <td>{strategy.name}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
