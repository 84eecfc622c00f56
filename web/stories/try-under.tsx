// What comes after a story: the same under another strategy, and the forks that Back made.
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { plural } from '../parts/words.ts';
import { rootOf } from '../stepper/trail.ts';
import { VerdictBadges } from '../stepper/verdict-badge.tsx';
import { deleteForks, forks } from '../stepper/walk.ts';
import { begin } from './play.ts';
import type { Story } from './told.ts';

export function TryUnder({ story }: { story: Story }) {
  return (
    <section class="column" aria-label="Try it under">
      <h2>Try it under …</h2>
      <table>
        <tbody>
          {Object.entries(story.strategies).map(([column, verdicts]) => (
            <tr key={column}>
              <td>
                <Button changes onClick={() => begin(story.id, column)}>
                  {column}
                </Button>
              </td>
              <td>
                <VerdictBadges verdicts={verdicts} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function ForksOfStory({ fs }: { fs: string }) {
  const others = forks.value.filter((name) => name !== fs && rootOf(name) === rootOf(fs));
  if (others.length === 0) return null;
  const remove = async () => {
    const title = `Delete ${plural(others.length, 'fork')}?`;
    const text = `Back made them: ${others.join(', ')}.`;
    if (await confirm({ title, text, yes: 'Delete' })) await deleteForks(others);
  };
  return (
    <p class="row soft small">
      Back made {plural(others.length, 'fork')} of this story.
      <Button changes look="danger" onClick={() => remove()}>
        Delete…
      </Button>
    </p>
  );
}
