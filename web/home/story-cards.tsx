// Three stories to start with: each begun with one click, and by one line of curl.
import { origin, token } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { pathOf } from '../state/location.ts';
import { begin } from '../stories/play.ts';

const stories = [
  {
    id: 'S01',
    title: 'The deadlock of the mail',
    text: 'A driver holds a pin and wants the lock of a punch hole, which waits for the pin.',
    strategy: 'wait-for-refs',
    verdict: 'deadlock',
  },
  {
    id: 'S03',
    title: 'A pin inside the range',
    text: 'A truncate sleeps on a pinned page. The last put wakes it, and the blocks become free.',
    strategy: 'break-layouts modern',
    verdict: 'waits',
  },
  {
    id: 'S07',
    title: 'Pins that leapfrog',
    text: 'Two owners pin two pages in turn. One of them is always pinned, so the punch hole waits on.',
    strategy: 'break-layouts fixed',
    verdict: 'starves',
  },
];

export function StoryCards({ empty }: { empty: boolean }) {
  return (
    <section class="panel" aria-labelledby="stories">
      <header>
        <h2 id="stories">{empty ? 'Start with a story' : 'Stories'}</h2>
        <Link href={pathOf('stories')} class="small">
          All 32 stories
        </Link>
      </header>
      <div class="stories">
        {stories.map((story) => (
          <StoryCard key={story.id} {...story} />
        ))}
      </div>
    </section>
  );
}

function StoryCard({ id, title, text, strategy, verdict }: (typeof stories)[number]) {
  return (
    <article class="story-card">
      <h3>
        {id} {title}
      </h3>
      <p class="small">{text}</p>
      <pre>{curlOf({ name: id, story: id, strategy })}</pre>
      <div class="row">
        <Button
          changes
          look="primary"
          onClick={() => begin(id, strategy, verdict)}
          label={`Begin ${id}`}
        >
          Begin
        </Button>
        <Link href={pathOf('story', null, id)} class="small">
          Read it
        </Link>
      </div>
    </article>
  );
}

/** The token stands in a variable, because a line that is shown may be shared. */
const curlOf = (json: object): string =>
  `curl ${origin}/v1/filesystems ${
    token.value === null ? '' : '-H "authorization: Bearer $TOKEN" '
  }--json '${JSON.stringify(json)}'`;
