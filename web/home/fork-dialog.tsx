import { useSignal } from '@preact/signals';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { create, freeName } from './begin.ts';
import { NameField, Submit } from './fields.tsx';

/** A fork of the present moment. */
export function ForkDialog({ fs, onClose }: { fs: string; onClose: () => void }) {
  const name = useSignal(freeName(`${fs}-fork`));
  const problem = useSignal<ShownProblem | null>(null);
  const fork = async (event: Event) => {
    event.preventDefault();
    try {
      await create({ name: name.value, from: { filesystem: fs } });
    } catch (error) {
      problem.value = shownOf(error);
    }
  };
  return (
    <Dialog title={`Fork ${fs}`} onClose={onClose}>
      <form class="column" onSubmit={fork}>
        <p class="soft">The fork has the state of this moment and goes its own way.</p>
        <NameField value={name} />
        {problem.value === null ? null : <ProblemNote problem={problem.value} />}
        <Submit>Fork</Submit>
      </form>
    </Dialog>
  );
}
