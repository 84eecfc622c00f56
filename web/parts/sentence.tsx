// A sentence whose things light up and can be selected, as in a chip.
import { linked, select } from '../state/selection.ts';
import type { Part } from './sentence-part.ts';
import './sentence.css';

export function Sentence({ parts }: { parts: readonly Part[] }) {
  return (
    <>
      {parts.map((part, at) =>
        typeof part === 'string' ? (
          part
        ) : (
          <InSentence key={`${at} ${part.id}`} id={part.id} text={part.text} />
        ),
      )}
    </>
  );
}

function InSentence({ id, text }: { id: string; text: string }) {
  const { class: lit, ...attributes } = linked(id);
  return (
    <button
      type="button"
      {...attributes}
      class={`in-sentence ${lit}`}
      onFocus={attributes.onPointerEnter}
      onBlur={attributes.onPointerLeave}
      onClick={() => select(id)}
    >
      <bdi>{text}</bdi>
    </button>
  );
}
