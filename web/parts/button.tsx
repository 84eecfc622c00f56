import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { readOnlyReason } from '../api/session.ts';
import './button.css';

export interface ButtonProps {
  children: ComponentChildren;
  /** While a promise that it returns is open, the button cannot be used again. */
  onClick: () => unknown;
  /** Why it cannot be used now. The button stays in the tab order and says it. */
  disabledBecause?: string | null;
  /** It changes the filesystem or the server, so a token that may only read cannot use it. */
  changes?: boolean;
  look?: 'plain' | 'primary' | 'danger';
  /** For a button that is on or off. */
  pressed?: boolean;
  /** What a screen reader says if the text is not enough. */
  label?: string;
  title?: string;
  /** The key that does the same, for the tooltip. */
  shortcut?: string;
}

export function Button({ children, onClick, look = 'plain', ...props }: ButtonProps) {
  const readOnly = props.changes === true ? readOnlyReason.value : null;
  const busy = useSignal(false);
  const because = readOnly ?? props.disabledBecause ?? null;
  const click = async () => {
    if (because !== null || busy.peek()) return;
    busy.value = true;
    try {
      await onClick();
    } finally {
      busy.value = false;
    }
  };
  const key = props.shortcut === undefined ? '' : ` (${props.shortcut})`;
  return (
    <button
      type="button"
      class={`button ${look}`}
      aria-disabled={because !== null}
      aria-pressed={props.pressed}
      aria-label={props.label}
      title={
        because ??
        (props.title === undefined && key === '' ? undefined : `${props.title ?? ''}${key}`.trim())
      }
      aria-busy={busy.value}
      onClick={() => void click()}
    >
      {children}
    </button>
  );
}
