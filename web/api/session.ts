// Who the page is to the server: the token, what it allows, and the REST client that sends it.
import { computed, signal } from '@preact/signals';
import { restClient } from 'pinhole/client';
import { ProblemError, problemOf } from './problem.ts';
import type { Schemas } from './schemas.ts';

export const origin = location.origin;

/** sessionStorage, because a URL is shared and localStorage outlives the person. */
const tokenKey = 'pinhole.token';
export const token = signal<string | null>(sessionStorage.getItem(tokenKey));

/** What the server can do and who we are. null until the first answer. */
export const capabilities = signal<Schemas['CapabilitiesResult'] | null>(null);
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

/** Why this caller cannot change anything; null if it can. */
export const readOnlyReason = computed(() => {
  const { scopes = [] } = capabilities.value ?? {};
  return scopes.includes('write') ? null : 'Your token may only read (scope read).';
});

export const isOperator = computed(() => capabilities.value?.scopes.includes('operator') === true);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of an answer of `rest`. Throws a ProblemError; a 401 asks the person to sign in. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer.catch((reason) => {
    throw reason instanceof Error && reason.name === 'AbortError'
      ? reason
      : new ProblemError({ status: 0, title: 'no answer', detail: 'The server does not answer.' });
  });
  if (response.ok) return data as T;
  const problem = problemOf(error, response);
  if (problem.status === 401) signInReason.value = problem.detail;
  throw new ProblemError(problem);
}

/** Reads who we are. Called at the start and after a person has signed in. */
export async function readCapabilities(): Promise<void> {
  capabilities.value = await body(rest.value.GET('/v1'));
  if (capabilities.value.scopes.length > 0) signInReason.value = null;
  else signInReason.value ??= 'This server asks for a token.';
}

/** Throws a ProblemError if the server does not know the token; then nothing changes. */
export async function signIn(given: string): Promise<void> {
  const before = token.value;
  token.value = given;
  try {
    await readCapabilities();
    sessionStorage.setItem(tokenKey, given);
    signInReason.value = null;
  } catch (error) {
    token.value = before;
    throw error;
  }
}

export function signOut(): void {
  sessionStorage.removeItem(tokenKey);
  token.value = null;
  capabilities.value = null;
  void readCapabilities().catch(() => {});
}
