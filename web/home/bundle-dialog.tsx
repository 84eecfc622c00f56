import { useSignal } from '@preact/signals';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { sizeText } from '../parts/words.ts';
import { createFromBundle, freeName, nameFromFile } from './begin.ts';
import { NameField, Submit } from './fields.tsx';

/** A filesystem with the past and the state of a bundle, from a file that is chosen or dropped. */
export function BundleDialog({ dropped, onClose }: { dropped: File | null; onClose: () => void }) {
  const file = useSignal(dropped);
  const name = useSignal(dropped === null ? '' : freeName(nameFromFile(dropped.name)));
  const problem = useSignal<ShownProblem | null>(null);
  const sending = useSignal(false);
  const choose = (chosen: File | null) => {
    file.value = chosen;
    if (chosen !== null) name.value = freeName(nameFromFile(chosen.name));
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (file.value === null || sending.value) return;
    problem.value = null;
    sending.value = true;
    try {
      await createFromBundle(name.value, file.value);
    } catch (error) {
      problem.value = shownOf(error);
    }
    sending.value = false;
  };
  return (
    <Dialog title="From a bundle" onClose={onClose}>
      <form class="column" onSubmit={submit}>
        <p class="soft">
          A bundle has the commands and the state of a filesystem. The server plays it again and
          checks that the state is the same.
        </p>
        <label>
          Bundle
          <input
            type="file"
            required={file.value === null}
            onChange={({ currentTarget }) => choose(currentTarget.files?.[0] ?? null)}
          />
        </label>
        {file.value === null ? null : (
          <p class="small">
            <bdi>{file.value.name}</bdi>, {sizeText(file.value.size)}
          </p>
        )}
        <NameField value={name} />
        {problem.value === null ? null : <ProblemNote problem={problem.value} />}
        <Submit>{sending.value ? 'Checking…' : 'Create'}</Submit>
      </form>
    </Dialog>
  );
}
