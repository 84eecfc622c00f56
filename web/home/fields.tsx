// Fields of the forms that begin a filesystem.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { readOnlyReason } from '../api/session.ts';

export function NameField({ value }: { value: Signal<string> }) {
  return (
    <label>
      Name
      <input
        required
        maxLength={63}
        pattern="[A-Za-z0-9._~\-]+"
        title="1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde"
        value={value.value}
        onInput={({ currentTarget }) => {
          value.value = currentTarget.value;
        }}
      />
    </label>
  );
}

export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, text: string])[];
  onChoice: (value: T) => void;
  title?: string | undefined;
}) {
  return (
    <label title={props.title}>
      {props.label}
      <select
        value={props.value}
        onChange={({ currentTarget }) => props.onChoice(currentTarget.value as T)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Check(props: {
  label: string;
  value: boolean;
  onCheck: (value: boolean) => void;
  title?: string;
}) {
  return (
    <label class="check" title={props.title}>
      <input
        type="checkbox"
        checked={props.value}
        onChange={({ currentTarget }) => props.onCheck(currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}

/** The button that sends a form; it says why a token that may only read cannot. */
export function Submit({ children }: { children: ComponentChildren }) {
  const because = readOnlyReason.value;
  return (
    <button
      type="submit"
      class="button primary"
      aria-disabled={because !== null}
      title={because ?? undefined}
      onClick={(event) => {
        if (because !== null) event.preventDefault();
      }}
    >
      {children}
    </button>
  );
}
