// The query of routes that export a span of the past.
import { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import { refusePast, type Span, spanOf } from '../../engine/past.ts';
import type { AppContext } from '../app-context.ts';
import { KernelFailure } from '../problem.ts';
import { cursorForm, parseCursor } from '../stream/cursor.ts';

const zCursor = z.string().regex(cursorForm, 'must be a cursor');

/** The span of a bundle or a script. */
export const zSpanQuery = z.strictObject({
  from: zCursor
    .optional()
    .describe('The span begins right after this event. Default: the oldest moment that is kept.'),
  to: zCursor.optional().describe('The last event of the span. Default: now.'),
});

/** Rejects with `past-not-kept` for a cursor of another epoch. */
export async function eventAt(
  { engine }: AppContext,
  fs: HostedFilesystem,
  cursor: string | undefined,
): Promise<number | null> {
  if (cursor === undefined) return null;
  const { epoch, seq } = parseCursor(cursor) as { epoch: string; seq: number };
  return epoch === fs.ring.epoch ? seq : refusePast(engine, fs);
}

/** The span between two cursors. Throws if one is in the future, or if the span is too long. */
export async function askedSpan(
  context: AppContext,
  fs: HostedFilesystem,
  { from, to }: z.infer<typeof zSpanQuery>,
): Promise<Span> {
  const span = await spanOf(context.engine, fs, {
    from: await eventAt(context, fs, from),
    to: await eventAt(context, fs, to),
    entriesMax: context.config.spanEntriesMax,
  });
  if ('kernel' in span) return span;
  throw new KernelFailure(span.failure);
}
