// Who the page is to the server: the token, what it allows, and the REST client that sends it.
import { computed, signal } from '@preact/signals';
import { restClient } from 'pinhole/client';
import { ProblemError, problemOf, shownOf } from './problem.ts';
import type { Schemas } from './schemas.ts';

export const origin = location.origin;

/** sessionStorage, because a URL is shared and localStorage outlives the person. */
const tokenKey = 'pinhole.token';
export const token = signal<string | null>(sessionStorage.getItem(tokenKey));

/** What the server can do and who we are. null until the first answer. */
export const capabilities = signal<Schemas['Capabilities'] | null>(null);
/** Why a person has to sign in; null if nobody has to. */
export const signInReason = signal<string | null>(null);

export const rest = computed(() => {
  const client = restClient({
    baseUrl: origin,
    ...(token.value === null ? {} : { token: token.value }),
  });
  client.use({
    onRequest({ request }) {
      // An operation that sleeps is answered at once; the event stream tells how it ends.
      if (request.method !== 'GET') request.headers.set('prefer', 'respond-async, wait=0');
      return request;
    },
  });
  return client;
});

/** Why this caller cannot change anything in a filesystem; null if it can. */
export const readOnlyReason = computed(() => {
  const { scopes } = capabilities.value ?? {};
  if (scopes === undefined) return 'The page does not know yet what you may do.';
  if (scopes.includes('write')) return null;
  return scopes.includes('read')
    ? 'Your token may only read (scope read).'
    : 'The token of the operator has no filesystems. Sign in with a token of a tenant.';
});

export const isOperator = computed(() => capabilities.value?.scopes.includes('operator') === true);

export const noAnswer = (): ProblemError =>
  new ProblemError({ status: 0, title: 'no answer', detail: 'The server does not answer.' });

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of an answer of `rest`. Throws a ProblemError; a 401 asks the person to sign in. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer.catch((reason) => {
    throw reason instanceof Error && reason.name === 'AbortError' ? reason : noAnswer();
  });
  if (response.ok) return data as T;
  const problem = problemOf(error, response);
  if (problem.status === 401) askForToken();
  throw new ProblemError(problem);
}

/** Called where the server refuses the caller: with 401, or with 4401 on a stream. */
export function askForToken(): void {
  signInReason.value =
    token.peek() === null
      ? 'This server asks for a token.'
      : 'The server does not know this token any more: it has expired or was revoked.';
}

/** Reads who we are. */
export async function readCapabilities(): Promise<void> {
  capabilities.value = await body(rest.value.GET('/v1'));
}

/** Called once. A server that does not answer yet is asked again; what it refuses is shown. */
export async function beginSession(): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await readCapabilities();
    } catch (error) {
      const { status } = shownOf(error);
      if (status !== 0 && status < 500) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 200 * 2 ** tries)));
    }
  }
}

/** Throws a ProblemError if the server does not know the token; then nothing changes. */
export async function signIn(given: string): Promise<void> {
  // With a client of its own, because every stream of the page begins anew with a new token.
  const asked = restClient({ baseUrl: origin, token: given }).GET('/v1');
  const { data, error, response } = await asked.catch(() => {
    throw noAnswer();
  });
  if (data === undefined) throw new ProblemError(problemOf(error, response));
  sessionStorage.setItem(tokenKey, given);
  capabilities.value = data;
  token.value = given;
  signInReason.value = null;
}

export function signOut(): void {
  // Other things that are kept for the tab belong to this person too.
  sessionStorage.clear();
  capabilities.value = null;
  token.value = null;
  void beginSession();
}
