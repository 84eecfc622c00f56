// Reads a snapshot of a filesystem and keeps it up to date, without a hole in between.
import { applyEvent, type Page, type Picture, pictureOf } from './picture.ts';
import { restClient } from './rest.ts';
import { type Events, type PinholeEvent, StreamGap, type StreamOptions } from './stream.ts';

export interface WatchOptions
  extends Pick<StreamOptions, 'token' | 'signal' | 'delayMs' | 'onConnected'> {
  /** `http://host:port`. */
  baseUrl: string;
  filesystem: string;
}

/** The server refused the snapshot. */
export class SnapshotRefused extends Error {
  override readonly name = 'SnapshotRefused';
  readonly status: number;
  readonly detail: string;

  constructor(status: number, detail: string) {
    super(`${status}: ${detail}`);
    this.status = status;
    this.detail = detail;
  }
}

/**
 * Reads GET …/state, and the lists of the parts that were cut. Their pages are read later and have
 * cursors of their own, which the picture takes into account.
 */
export async function readPicture({
  baseUrl,
  token,
  filesystem,
}: Pick<WatchOptions, 'baseUrl' | 'token' | 'filesystem'>): Promise<Picture> {
  const rest = restClient({ baseUrl, ...(token === undefined ? {} : { token }) });
  const path = { fs: filesystem };
  const { data, error, response } = await rest.GET('/v1/filesystems/{fs}/state', {
    params: { path },
  });
  if (data === undefined) throw new SnapshotRefused(response.status, error.detail);
  const later: Page[] = [];
  for (const { part, list } of data.truncated) {
    // No list has detached runs beyond its first page.
    if (part === 'detachedExtents') continue;
    const pages = await pagesOf(baseUrl, list, token);
    later.push(...pages.map((page) => ({ part: part as Page['part'], ...page })));
  }
  return pictureOf(data, later);
}

type ListAnswer = { cursor: string; items?: unknown[]; extents?: unknown[] };

async function pagesOf(
  baseUrl: string,
  list: string,
  token: string | undefined,
): Promise<Omit<Page, 'part'>[]> {
  const pages: Omit<Page, 'part'>[] = [];
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const url = new URL(list, baseUrl);
  url.searchParams.set('pageSize', '1000');
  for (let more = true; more; ) {
    const response = await fetch(url, { headers });
    if (!response.ok) throw new SnapshotRefused(response.status, await response.text());
    const body = (await response.json()) as ListAnswer & { nextPageToken?: string };
    pages.push({ cursor: body.cursor, items: body.items ?? body.extents ?? [] });
    more = body.nextPageToken !== undefined;
    if (more) url.searchParams.set('pageToken', body.nextPageToken ?? '');
  }
  return pages;
}

export interface Watched {
  picture: Picture;
  /** null for the snapshot, and for the first one after a gap. */
  event: PinholeEvent | null;
  /** After a gap: the events between the two cursors are no longer stored. */
  gap?: { cursor: string; oldest: string };
}

/**
 * Yields the picture after the snapshot and after each event; it is the same object, changed.
 * After a gap it begins again with a new snapshot. Ends when `signal` is aborted or the filesystem
 * is unmounted.
 */
export type Watch = (options: WatchOptions) => AsyncGenerator<Watched, void, void>;

export const watchOver =
  (events: Events): Watch =>
  (options) =>
    follow(events, options);

async function* follow(events: Events, options: WatchOptions): AsyncGenerator<Watched, void, void> {
  const { baseUrl, filesystem, ...streaming } = options;
  let gap: Pick<Watched, 'gap'> = {};
  while (options.signal?.aborted !== true) {
    const picture = await readPicture(options);
    yield { picture, event: null, ...gap };
    const url = `${baseUrl}/v1/filesystems/${filesystem}/events`;
    try {
      for await (const event of events({ ...streaming, url, from: picture.cursor })) {
        const follows = applyEvent(picture, event);
        yield { picture, event };
        if (!follows) return;
      }
      return;
    } catch (error) {
      if (!(error instanceof StreamGap)) throw error;
      gap = { gap: { cursor: error.cursor, oldest: error.oldest } };
    }
  }
}
