import type { ComponentChildren } from 'preact';
import { go } from '../state/location.ts';

/** A link inside of the page: a plain link for the browser, so it can be copied and opened in a tab. */
export function Link(props: {
  href: string;
  children: ComponentChildren;
  class?: string;
  /** It leads to the view that is open. */
  current?: boolean;
  /** What a plain click does instead of going there. */
  onOpen?: (() => unknown) | undefined;
}) {
  return (
    <a
      href={props.href}
      class={props.class}
      aria-current={props.current === true ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        if (props.onOpen === undefined) go(props.href);
        else void props.onOpen();
      }}
    >
      {props.children}
    </a>
  );
}
