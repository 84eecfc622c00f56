// What a person has selected (in the URL) and what is under the pointer. Both light up everywhere.
import { computed, signal } from '@preact/signals';
import { relatedTo } from './ids.ts';
import { param, setParams } from './location.ts';
import { watched } from './watched.ts';

/** An id of state/ids.ts; null if nothing is selected. */
export const selected = computed(() => param('select'));
export const select = (id: string | null): void => setParams({ select: id });

export const hovered = signal<string | null>(null);

const nothing: ReadonlySet<string> = new Set();

/** The ids that light up: those of the thing under the pointer, else of the selected one. */
export const lit = computed<ReadonlySet<string>>(() => {
  const id = hovered.value ?? selected.value;
  // The same set each time, because every chip is made again when the set is another one.
  if (id === null) return nothing;
  const picture = watched.value?.picture;
  return picture ? relatedTo(picture, id) : new Set([id]);
});

/** The attributes of an element that stands for a thing: it lights up and can be selected. */
export const linked = (id: string) => ({
  'data-thing': id,
  class: `${lit.value.has(id) ? 'lit' : ''} ${selected.value === id ? 'selected' : ''}`.trim(),
  onPointerEnter: () => {
    hovered.value = id;
  },
  onPointerLeave: () => {
    hovered.value = null;
  },
});
