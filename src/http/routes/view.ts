// One view of the kernel as a route for GET and HEAD.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import type { View } from '../../kernel/views/define.ts';
import type { AppContext } from '../app-context.ts';
import { etagOfTarget, isNotModified, nothingMatches } from '../conditional.ts';
import { type Contract, jsonType } from '../contract.ts';
import { withContentLink } from '../operation-record.ts';
import { preferenceOf } from '../prefer.ts';
import { sendFailure } from '../problem.ts';
import type { ProblemType } from '../problem-table.ts';
import { serializerOf } from '../schema.ts';
import { cursorNow, zCursor } from '../stream/cursor.ts';
import { targetOf, urlOf } from '../target.ts';
import { textFormsOf } from '../text-forms.ts';
import { addVary } from '../vary.ts';
import {
  contractOf,
  type Handling,
  linkNext,
  type Next,
  queryParserOf,
  type Route,
} from './define.ts';

export function viewRoute(view: View): Route {
  const result = view.single
    ? view.result
    : (view.result as z.ZodObject).extend({ cursor: zCursor });
  return {
    contracts: [viewContract(view, result)],
    handle: (context) => handlingOf(context, view, result),
  };
}

function viewContract(view: View, result: z.ZodType): Contract {
  const { etag, waits } = view;
  const forms = textFormsOf(view.name);
  const content = { [jsonType]: result, ...forms?.content };
  return contractOf({
    name: `get-${view.name}`,
    url: urlOf({ on: view.on, path: view.path }),
    scope: 'read',
    tag: view.on,
    summary: view.summary,
    doc: view.doc,
    query: forms?.queryWith(view.query) ?? view.query,
    answers: [
      { status: 200, doc: 'The current state.', content },
      ...(etag ? [{ status: 304, doc: 'Not modified: an ETag in If-None-Match matches.' }] : []),
    ],
    problems: view.errors.map((errno) => errno.toLowerCase() as ProblemType),
    conditions: 'answer',
    ...(etag ? { etag } : {}),
    ...(waits ? { waits } : {}),
  });
}

function handlingOf(context: AppContext, view: View, result: z.ZodType): Handling {
  const { engine, config } = context;
  const { etag: hasOwnEtag, waits, operationRecords } = view;
  const forms = textFormsOf(view.name);
  const queryOf = queryParserOf(forms?.queryWith(view.query) ?? view.query);
  const toJson = serializerOf(result, context);

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const asksMatch = hasOwnEtag && request.headers['if-match'] !== undefined;
    const found = targetOf(engine, request, view.on);
    if (found.fs === null) {
      if (asksMatch) throw nothingMatches();
      return sendFailure(reply, found.failure);
    }
    const { fs, target } = found;
    const { format, ...query } = queryOf(request) as { format?: string };
    // GET of an operation waits only if the request has Prefer.
    if (waits && request.headers.prefer !== undefined) {
      const { waitMs, applied } = preferenceOf(request.headers.prefer, config);
      if (applied?.startsWith('wait') === true) {
        reply.header('preference-applied', applied);
        await fs.whenEnded(target.operation ?? 0, waitMs);
      }
    }
    const read = fs.view(view, target, query);
    const etag = hasOwnEtag ? etagOfTarget(fs, view.on, target) : null;
    if (!read.ok) {
      if (asksMatch) throw nothingMatches();
      return sendFailure(reply, read.failure);
    }
    const unchanged = isNotModified(request, etag);
    if (etag !== null) reply.header('etag', etag);
    if (unchanged) return reply.code(304).send();
    const next = linkNext(request, read.result as Next);
    if (next !== null) reply.header('link', next);
    const cursor = cursorNow(fs.ring);
    if (forms !== null) {
      addVary(reply, 'Accept');
      const form = forms.chosen(format, request.headers.accept);
      if (form !== null)
        return reply
          .header('content-type', `${form.type}; charset=utf-8`)
          .send(form.write(read.result, cursor));
    }
    const shown = withLinks(fs, operationRecords, read.result);
    return reply
      .header('content-type', `${jsonType}; charset=utf-8`)
      .send(toJson(reply, view.single ? shown : { ...(shown as object), cursor }));
  };
  return { handler };
}

/** Adds links to the records of operations in a result. */
function withLinks(
  fs: HostedFilesystem,
  where: View['operationRecords'],
  result: unknown,
): unknown {
  if (where === null) return result;
  if (where === 'result') return withContentLink(fs, result);
  const { items, ...rest } = result as { items: unknown[] };
  return { items: items.map((item) => withContentLink(fs, item)), ...rest };
}
