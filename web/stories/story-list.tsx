// The stories S01 to S32 with the verdict of each strategy, as the explorer found them.
import { body, readOnlyReason, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { attempt } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { useLive } from '../state/live.ts';
import { go, pathOf } from '../state/location.ts';
import { VerdictBadge, verdictLook } from '../stepper/verdict-badge.tsx';
import { beginStory } from './play.ts';
import './story-list.css';
import { firstSentence, type Outline } from './told.ts';

export function StoryList() {
  const live = useLive(
    'stories',
    (signal) => body(rest.value.GET('/v1/stories', { signal })),
    () => false,
  );
  const { data, problem } = live.value;
  return (
    <section class="column story-list">
      <h1>Stories</h1>
      <p class="soft">
        Small races between a layout change and the pins of a file. A click begins one: it makes a
        filesystem and takes you through it, move by move. The table says what can happen under each
        strategy in every order of the steps; a cell opens an order that shows it.
      </p>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {data === null ? (
        problem === null && <p class="soft">Reading the stories…</p>
      ) : (
        <StoryTable items={data.items} />
      )}
    </section>
  );
}

function StoryTable({ items }: { items: readonly Outline[] }) {
  const columns = Object.keys(items[0]?.strategies ?? {});
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must scroll by keyboard.
    <section class="scrolls" tabIndex={0} aria-label="What can happen under each strategy">
      <table class="wide verdict-table">
        <thead>
          <tr>
            <th scope="col">Story</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((story) => (
            <tr key={story.id}>
              <th scope="row" class="story-cell">
                <StoryLink story={story.id}>
                  {story.id} {story.title}
                </StoryLink>
                <span class="soft small">{firstSentence(story.text)}</span>
              </th>
              {columns.map((column) => (
                <td key={column}>
                  {story.strategies[column]?.map((verdict) => (
                    <StoryLink key={verdict} {...{ story: story.id, column, verdict }}>
                      <Verdict {...{ verdict, column }} story={story.id} />
                    </StoryLink>
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Most cells say "completes": there a sign is enough, so that the others stand out. */
function Verdict({ verdict, story, column }: { verdict: string; story: string; column: string }) {
  const said = <span class="unseen">{`${story} under ${column}: `}</span>;
  if (verdict !== 'completes')
    return (
      <>
        {said}
        <VerdictBadge verdict={verdict} />
      </>
    );
  return (
    <span class="verdict-plain" title={verdictLook(verdict).doc}>
      {said}
      <span aria-hidden="true">{verdictLook(verdict).sign}</span>
      <span class="unseen">{verdict}</span>
    </span>
  );
}

interface StoryLinkProps {
  story: string;
  column?: string;
  verdict?: string;
  children: preact.ComponentChildren;
}

/** Begins the story at once; in a new tab, or with a token that may only read, it opens its page. */
function StoryLink({ story, column, verdict, children }: StoryLinkProps) {
  const query = new URLSearchParams({
    ...(column === undefined ? {} : { strategy: column }),
    ...(verdict === undefined ? {} : { verdict }),
  });
  const href = `${pathOf('story', null, story)}${query.size === 0 ? '' : `?${query}`}`;
  const begin = () =>
    attempt(async () => {
      const strategy = column ?? (await body(told(story))).told.strategy;
      query.set('fs', await beginStory(story, strategy));
      go(`${pathOf('story', null, story)}?${query}`);
    });
  return (
    <Link href={href} onOpen={readOnlyReason.value === null ? begin : undefined}>
      {children}
    </Link>
  );
}

const told = (story: string) =>
  rest.value.GET('/v1/stories/{story}', { params: { path: { story } } });
