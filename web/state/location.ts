// The URL is the state that is shared: filesystem, view, selection, cursor and filters.
import { computed, signal } from '@preact/signals';
import type { ViewName } from '../views/names.ts';

export interface Place {
  view: ViewName;
  /** The filesystem of the view; null for a view of the server or the tenant. */
  fs: string | null;
  /** The story that is read; null elsewhere. */
  story: string | null;
  /** The lab that is read; null elsewhere. */
  lab: string | null;
}

const base = '/ui';

const address = signal(new URL(window.location.href));
window.addEventListener('popstate', () => {
  address.value = new URL(window.location.href);
});

/** What the path names; a path that names nothing is 'unknown'. */
export function placeOf(pathname: string): Place {
  const nowhere = { fs: null, story: null, lab: null };
  const parts = pathname.replace(base, '').split('/').filter(Boolean).map(decoded);
  const [first, second, third] = parts;
  if (first === undefined) return { view: 'home', ...nowhere };
  if (first === 'fs' && second !== undefined && parts.length <= 3)
    return { view: viewsOfFilesystem.get(third ?? '') ?? 'unknown', ...nowhere, fs: second };
  if (first === 'stories' && second !== undefined && third === 'compare' && parts.length === 3)
    return { view: 'compare', ...nowhere, story: second };
  if (first === 'stories' && parts.length <= 2)
    return second === undefined
      ? { view: 'stories', ...nowhere }
      : { view: 'story', ...nowhere, story: second };
  if (first === 'labs' && parts.length <= 2)
    return second === undefined
      ? { view: 'labs', ...nowhere }
      : { view: 'lab', ...nowhere, lab: second };
  if (first === 'server' && parts.length === 1) return { view: 'server', ...nowhere };
  return { view: 'unknown', ...nowhere };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const viewsOfFilesystem = new Map<string, ViewName>([
  ['', 'machine'],
  ['device', 'device'],
  ['file', 'file'],
  ['waits', 'waits'],
  ['graph', 'graph'],
  ['timeline', 'timeline'],
  ['stepper', 'stepper'],
  ['compare', 'compare'],
  ['events', 'events'],
]);

export const place = computed(() => placeOf(address.value.pathname));
/**
 * The name of the open filesystem: that of the view, or the one on which a story is played. A view
 * reads it again only if it changes.
 */
export const openFilesystem = computed(
  () => place.value.fs ?? (place.value.view === 'story' ? param('fs') : null),
);

/** The path of a view. Names of users are escaped here and nowhere else. */
export function pathOf(view: ViewName, fs: string | null = null, story?: string): string {
  if (story !== undefined) {
    const path = `${base}/stories/${encodeURIComponent(story)}`;
    return view === 'compare' ? `${path}/compare` : path;
  }
  if (view === 'stories' || view === 'labs' || view === 'server') return `${base}/${view}`;
  if (fs === null) return `${base}/`;
  const path = `${base}/fs/${encodeURIComponent(fs)}`;
  return view === 'machine' ? path : `${path}/${view}`;
}

export const pathOfLab = (lab: string): string => `${base}/labs/${encodeURIComponent(lab)}`;

/** Goes to an address of the page. `replace`: the Back button does not come back here. */
export function go(href: string, { replace = false } = {}): void {
  const to = new URL(href, address.value);
  if (to.href === address.value.href) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  address.value = to;
}

/** A parameter of the query. null if it is absent. */
export const param = (name: string): string | null => address.value.searchParams.get(name);

/** Writes parameters into the URL; null removes one. The Back button does not step over them. */
export function setParams(params: Record<string, string | null>): void {
  const to = new URL(address.value);
  for (const [name, value] of Object.entries(params))
    if (value === null) to.searchParams.delete(name);
    else to.searchParams.set(name, value);
  go(to.href, { replace: true });
}
