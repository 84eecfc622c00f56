import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { glossary, type TermName } from './glossary.ts';
import './term.css';

/** A term of the field with its one-line explanation on hover and on focus. */
export function Term({ of, children }: { of: TermName; children?: ComponentChildren }) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the explanation must be reachable by keyboard.
    <span class="term" tabIndex={0} aria-describedby={id}>
      {children ?? of}
      <span class="term-text" role="tooltip" id={id}>
        {glossary[of]}
      </span>
    </span>
  );
}
