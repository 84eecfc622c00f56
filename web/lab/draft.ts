// The workload that a person writes. It stays while another view is open.
import { signal } from '@preact/signals';

export interface Draft {
  /** The preset whose text it is or was; empty for none. */
  preset: string;
  text: string;
  /** The text of the preset, to see whether it was changed. */
  original: string;
  strategies: readonly string[];
  seeds: string;
}

/** The six, each with the defaults of its kernel. */
const six = [
  'break-layouts',
  'busy-extents',
  'wait-for-refs',
  'detach-and-wait',
  'refuse',
  'none',
] as const;

/** break-layouts once for each idle rule and scope. */
const variants = [
  'break-layouts classic',
  'break-layouts modern',
  'break-layouts fixed',
  'break-layouts range',
] as const;

/** In the order of the table. */
export const choosable: readonly string[] = [six[0], ...variants, ...six.slice(1)];

export const draft = signal<Draft>({
  preset: '',
  text: '',
  original: '',
  strategies: [...six],
  seeds: '32',
});

export const change = (part: Partial<Draft>): void => {
  draft.value = { ...draft.peek(), ...part };
};
