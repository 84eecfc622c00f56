// Saves an answer of the server as a file. A link cannot do it, because it sends no token.
import { ProblemError, problemOf } from './problem.ts';
import { origin, token } from './session.ts';

export async function download(path: string, name: string): Promise<void> {
  const headers = token.value === null ? {} : { authorization: `Bearer ${token.value}` };
  const response = await fetch(`${origin}${path}`, { headers });
  if (!response.ok)
    throw new ProblemError(problemOf(await response.json().catch(() => null), response));
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read the blob by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
