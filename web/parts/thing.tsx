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
  const { name, is } = thingWords(reads ? (watched.value?.picture ?? null) : null, id);
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

/** The full text when somebody looks, because it can take a search of all pins. */
function tell(chip: HTMLElement, id: string): void {
  chip.title = thingText(watched.peek()?.picture ?? null, id);
}
