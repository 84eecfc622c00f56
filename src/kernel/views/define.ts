// The interface of a read-only projection. A view never changes the kernel, and is read between two
// calls of `apply`.
import { z } from 'zod';
import type { Errno } from '../errno.ts';
import { type Failure, failure } from '../errno.ts';
import { pageSizeMax, type Scope } from '../records/contract.ts';
import type { Kernel, Target } from '../state.ts';

export interface View<Query = unknown> {
  name: string;
  summary: string;
  doc: string;
  on: Scope;
  /** Relative to the thing that it shows, as in Route. */
  path: string;
  query: z.ZodType<Query>;
  result: z.ZodType;
  errors: readonly Errno[];
  /** The answer has the ETag of the thing, and a matching If-None-Match gives 304. */
  etag: boolean;
  /**
   * Shows one thing and not a list. The answer to a list has the cursor of the event stream at
   * which it was true; these four records also stand in other answers, which have their own.
   */
  single: boolean;
  /** `Prefer: wait` waits until the operation that it shows has ended. */
  waits: boolean;
  /**
   * Which part of the result consists of records of operations, because the record of a read links
   * to its bytes.
   */
  operationRecords: 'result' | 'items' | null;
  /**
   * `nowMs` is the time of the request, because the clock of the kernel moves only with its
   * entries.
   */
  read(
    k: Kernel,
    target: Target,
    query: Query,
    nowMs: number,
  ): { ok: true; result: unknown } | { ok: false; failure: Failure };
}

export function defineView<Q extends z.ZodType>(
  view: Omit<
    View<z.infer<Q>>,
    'query' | 'errors' | 'etag' | 'single' | 'waits' | 'operationRecords'
  > & {
    query: Q;
    errors?: readonly Errno[];
    etag?: true;
    single?: true;
    waits?: true;
    operationRecords?: 'result' | 'items';
  },
): View {
  const whole = {
    errors: ['ENOENT'],
    etag: false,
    single: false,
    waits: false,
    operationRecords: null,
    ...view,
  };
  // As in defineOp: the caller has parsed the query with the view's own schema.
  return whole as unknown as View;
}

export const found = (result: unknown) => ({ ok: true as const, result });
export const absent = (rule: string, why: string) => ({
  ok: false as const,
  failure: failure('ENOENT', rule, why),
});

/**
 * Empty is the beginning. Any other token must be one that `tokenOf` makes, but its element may no
 * longer exist.
 */
export const zPageToken = z
  .string()
  .max(64)
  .refine(
    (token) => token === '' || tokenOf(cursorOf({ pageToken: token })) === token,
    'must be a nextPageToken of a list',
  )
  .describe('The nextPageToken of the previous page. Its content has no meaning for the client.');

/** The query parameters of every list. A larger pageSize is reduced to the maximum. */
export const zPage = {
  pageSize: z
    .int()
    .positive()
    .default(100)
    .describe(`At most ${pageSizeMax}; a larger number is reduced to that.`),
  pageToken: zPageToken.optional(),
};

/** Where a page of a list begins: the number that the view put into its token, or 0. */
export function cursorOf(query: { pageToken?: string | undefined }): number {
  const cursor = query.pageToken === undefined ? 0 : Number.parseInt(query.pageToken.slice(1), 36);
  return Number.isSafeInteger(cursor) && cursor >= 0 ? cursor : 0;
}

export function tokenOf(cursor: number): string {
  return `p${cursor.toString(36)}`;
}

/**
 * Returns up to a page of `items`, which ascend by `key`. The token of the next page has the key of
 * the last item.
 */
export function pageOfList<T>(
  items: Iterable<T>,
  query: { pageSize: number; pageToken?: string | undefined },
  key: (item: T) => number,
) {
  const size = Math.min(query.pageSize, pageSizeMax);
  const after = cursorOf(query);
  const page: T[] = [];
  for (const item of items) {
    if (key(item) <= after) continue;
    if (page.length === size)
      return { items: page, nextPageToken: tokenOf(key(page[page.length - 1] as T)) };
    page.push(item);
  }
  return { items: page };
}
