import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { kindOf } from '../state/ids.ts';
import { linked, select, selected } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { thingText, thingWords } from './thing-words.ts';
import './thing.css';

/**
 * The chip of an operation, pin, mapping, page, lock, entry or file, by its id of state/ids.ts. It
 * lights up with everything that belongs to it; a click selects it, a second one drops it.
 */
export function Thing({
  id,
  short = false,
}: {
  id: string /** Only its name. */;
  short?: boolean;
}) {
  // Only a file is named by the picture. A list of events has hundreds of short chips, and each
  // that reads the picture is made again in every frame.
  const reads = !short || kindOf(id) === 'file';
  const words = useMemo(() => computed(() => wordsNow(id, reads)), [id, reads]);
  const [name = '', is = ''] = words.value.split('\n');
  const { class: lit, ...attributes } = linked(id);
  const isSelected = selected.value === id;
  return (
    <button
      type="button"
      {...attributes}
      class={`thing thing-${kindOf(id) ?? 'other'} ${lit}`}
      aria-pressed={isSelected}
      onPointerEnter={(event) => {
        tell(event.currentTarget, id);
        attributes.onPointerEnter();
      }}
      onFocus={(event) => {
        tell(event.currentTarget, id);
        attributes.onPointerEnter();
      }}
      onBlur={attributes.onPointerLeave}
      onClick={(event) => {
        // A chip in a row that can be opened must not open the row too.
        event.stopPropagation();
        select(isSelected ? null : id);
      }}
    >
      <bdi class="thing-name">{name}</bdi>
      {short || is === '' ? null : <bdi class="thing-is">{is}</bdi>}
    </button>
  );
}

/** One string, so that a chip is drawn again only if its words have changed. */
function wordsNow(id: string, reads: boolean): string {
  const { name, is } = thingWords(reads ? (watched.value?.picture ?? null) : null, id);
  return [name, is].map((text) => text.replaceAll('\n', ' ')).join('\n');
}

/** The full text when somebody looks, because it can take a search of all pins. */
function tell(chip: HTMLElement, id: string): void {
  chip.title = thingText(watched.peek()?.picture ?? null, id);
}
