import { moveText, type Story } from './told.ts';

/** Every move of the way, those that were made marked. */
export function MoveList({ story, upTo }: { story: Story; upTo: number }) {
  return (
    <details class="moves">
      <summary>
        All {story.steps.length} moves under {story.told.strategy}
      </summary>
      <ol>
        {story.steps.map((move, at) => (
          <li
            key={at}
            class={at < upTo ? 'made' : ''}
            aria-current={at === upTo - 1 ? 'step' : undefined}
          >
            {moveText(move)}
          </li>
        ))}
      </ol>
    </details>
  );
}
