import { signal, useSignal } from '@preact/signals';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { capabilities, signIn, signInReason, signOut, token } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';

/** A person wants to be somebody else, although the server asks for nothing. */
const wantsTo = signal(false);

/** Asks for a token when the server wants one. The token stays in this tab. */
export function SignIn() {
  const reason = signInReason.value;
  if (reason === null && !wantsTo.value) return null;
  const close = () => {
    wantsTo.value = false;
  };
  return (
    <Dialog title="Sign in" onClose={close} mustStay={reason !== null}>
      <p>{reason ?? 'With a token you act for its tenant, or as the operator.'}</p>
      <TokenForm onDone={close} />
    </Dialog>
  );
}

function TokenForm({ onDone }: { onDone: () => void }) {
  const text = useSignal('');
  const problem = useSignal<ShownProblem | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    problem.value = null;
    try {
      await signIn(text.value.trim());
      onDone();
    } catch (error) {
      problem.value = shownOf(error);
    }
  };
  return (
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
  );
}

export const SignInButton = () => <Button onClick={() => (wantsTo.value = true)}>Sign in</Button>;

/** Who the caller is, if that is not what everybody on this machine is; and how to change it. */
export function Who() {
  const now = capabilities.value;
  if (now === null) return null;
  const { scopes, tenant, tokenNeeded } = now;
  const signedIn = token.value !== null;
  const name = tenant?.name ?? 'operator';
  const may = scopes.includes('write') || tenant === null ? '' : ', read only';
  return (
    <span class="row">
      {signedIn || may !== '' ? (
        <span class="small soft">
          <bdi>{name}</bdi>
          {may}
        </span>
      ) : null}
      {signedIn ? (
        <Button onClick={signOut}>Sign out</Button>
      ) : tokenNeeded ? (
        <SignInButton />
      ) : null}
    </span>
  );
}
