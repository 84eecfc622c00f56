// What the page shows, as a line for a terminal.
import { origin, token } from '../api/session.ts';
import { notify } from '../parts/notices.tsx';
import { filterInUrl } from './live-list.ts';

/** The stream from the cursor on, with the filters that the server knows too. */
export function curlOf(fs: string, from: string): string {
  const { type, file } = filterInUrl();
  const url = new URL(`/v1/filesystems/${encodeURIComponent(fs)}/events`, origin);
  url.searchParams.set('from', from);
  if (type !== null) url.searchParams.set('types', type);
  if (file !== null) url.searchParams.set('file', file);
  // The token itself is not shown, because a line that is copied is often shared.
  const authorization = token.value === null ? '' : `-H "authorization: Bearer $TOKEN" `;
  return `curl -N -H 'accept: text/event-stream' ${authorization}'${url}'`;
}

export async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(done);
  } catch {
    notify('The browser does not let this page copy; select the text instead.');
  }
}
