// A modal dialog of the browser: it keeps the focus inside, and Esc closes it.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import './dialog.css';

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** Without it a person can leave the dialog by Esc and by the button in its corner. */
  mustStay?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        if (props.mustStay !== true) props.onClose();
      }}
    >
      <div class="row spread">
        <h2 id={title}>{props.title}</h2>
        {props.mustStay === true ? null : (
          <button type="button" class="button" aria-label="Close" onClick={props.onClose}>
            ✕
          </button>
        )}
      </div>
      {props.children}
    </dialog>
  );
}
