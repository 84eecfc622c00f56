// A workload as text, with numbers beside its lines, and each mistake at its line.
import { useId, useRef } from 'preact/hooks';
import { change, draft } from './draft.ts';

/** A mistake of the request; one in a text has its place. */
export interface WrongField {
  message?: string;
  line?: number;
  column?: number;
}

export function WorkloadEditor({ fields }: { fields: readonly WrongField[] }) {
  const editor = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const [id, mistakes] = [useId(), useId()];
  const { text } = draft.value;
  const lines = Math.max(1, text.split('\n').length);
  const wrong = new Set(fields.flatMap(({ line }) => (line === undefined ? [] : [line])));
  return (
    <div class="column">
      <label htmlFor={id}>Workload, as YAML or JSON</label>
      <div class="workload">
        <div ref={gutter} class="workload-lines" aria-hidden="true">
          {Array.from({ length: lines }, (_, at) => (
            <div key={at} class={wrong.has(at + 1) ? 'wrong' : ''}>
              {wrong.has(at + 1) ? '✕ ' : ''}
              {at + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={editor}
          id={id}
          value={text}
          rows={18}
          spellcheck={false}
          autocomplete="off"
          wrap="off"
          placeholder={
            'name: my-workload\nfilesystem: { sizeBytes: 16Mi, files: { data: 1Mi } }\n…'
          }
          aria-invalid={wrong.size > 0}
          aria-describedby={wrong.size > 0 ? mistakes : undefined}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
          onScroll={({ currentTarget }) => {
            if (gutter.current !== null) gutter.current.scrollTop = currentTarget.scrollTop;
          }}
        />
      </div>
      {wrong.size === 0 ? null : (
        <ul class="problem mistakes" id={mistakes} role="alert">
          {fields.map((field) => (
            <li key={`${field.line} ${field.column} ${field.message}`}>
              <button
                type="button"
                class="button"
                onClick={() => goTo(editor.current, field.line ?? 1, field.column ?? 1)}
              >
                line {field.line}, column {field.column}
              </button>{' '}
              {field.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Puts the caret at a place, and scrolls there. */
function goTo(editor: HTMLTextAreaElement | null, line: number, column: number): void {
  if (editor === null) return;
  const before = editor.value.split('\n').slice(0, line - 1);
  const at = before.join('\n').length + (before.length > 0 ? 1 : 0) + column - 1;
  editor.focus();
  editor.setSelectionRange(at, at);
  const lineHeight = Number.parseFloat(getComputedStyle(editor).lineHeight);
  editor.scrollTop = Math.max(0, (line - 4) * lineHeight);
}
