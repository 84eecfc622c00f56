import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { docsOfTerm, glossary, type TermName } from './glossary.ts';
import './term.css';

/** The width of the explanation and a space beside it, as in term.css. */
const room = 296;

/** Moves the explanation to the left if it would reach beyond the window. */
function place({ currentTarget }: { currentTarget: HTMLElement }): void {
  const { left } = currentTarget.getBoundingClientRect();
  const over = Math.max(0, left + room - document.documentElement.clientWidth);
  currentTarget.style.setProperty('--shift', `${-Math.min(over, left)}px`);
}

/** A term of the field with its one-line explanation on hover and on focus. */
export function Term({ of, children }: { of: TermName; children?: ComponentChildren }) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the explanation must be reachable by keyboard.
    // biome-ignore lint/a11y/noStaticElementInteractions: they only place the explanation.
    <span class="term" tabIndex={0} aria-describedby={id} onPointerEnter={place} onFocus={place}>
      {children ?? of}
      <span class="term-text" role="tooltip" id={id}>
        {glossary[of]}
        <More at={docsOfTerm[of]} />
      </span>
    </span>
  );
}

/** With a target of its own, so that what the person looks at stays. */
function More({ at }: { at: string | undefined }) {
  return at === undefined ? null : (
    <>
      {' '}
      <a href={`/docs/${at}`} target="_blank" rel="noreferrer">
        More in the docs
      </a>
    </>
  );
}
