import { useSignal } from '@preact/signals';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { signIn, signInReason } from '../api/session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';

/** Asks for a token when the server wants one. The token stays in this tab. */
export function SignIn() {
  const text = useSignal('');
  const problem = useSignal<ShownProblem | null>(null);
  if (signInReason.value === null) return null;
  const submit = async (event: Event) => {
    event.preventDefault();
    problem.value = null;
    try {
      await signIn(text.value.trim());
      text.value = '';
    } catch (error) {
      problem.value = shownOf(error);
    }
  };
  return (
    <Dialog title="Sign in" onClose={() => {}} mustStay>
      <p>{signInReason.value}</p>
      <form class="column" onSubmit={submit}>
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            required
            value={text.value}
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value;
            }}
          />
        </label>
        <p class="soft small">
          The page keeps it until you close this tab, and never puts it into an address.
        </p>
        {problem.value === null ? null : <ProblemNote problem={problem.value} />}
        <button type="submit" class="button primary">
          Sign in
        </button>
      </form>
    </Dialog>
  );
}
