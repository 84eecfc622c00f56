// Saves an answer of the server as a file. A link cannot do it, because it sends no token.
import { ProblemError, problemOf } from './problem.ts';
import { noAnswer, origin, token } from './session.ts';

export async function download(path: string, name: string): Promise<void> {
  save(await blobOf(path), name);
}

/** An answer that is no JSON. Throws a ProblemError. */
export async function blobOf(path: string): Promise<Blob> {
  const headers = token.value === null ? {} : { authorization: `Bearer ${token.value}` };
  const response = await fetch(`${origin}${path}`, { headers }).catch(() => {
    throw noAnswer();
  });
  if (!response.ok)
    throw new ProblemError(problemOf(await response.json().catch(() => null), response));
  return response.blob();
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read the blob by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
