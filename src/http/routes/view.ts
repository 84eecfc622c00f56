// One view of the kernel's registry as a route for GET and HEAD.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HostedFilesystem } from '../../engine/engine.ts';
import { etagOf } from '../../kernel/fs/inode.ts';
import type { Target } from '../../kernel/state.ts';
import type { View } from '../../kernel/views/define.ts';
import type { AppContext } from '../app-context.ts';
import { etagOfFilesystem, fileOf, isNotModified, nothingMatches } from '../conditional.ts';
import { preferenceOf } from '../prefer.ts';
import { sendFailure } from '../problem.ts';
import { coerce, coercionsOf, parse, type Serialize } from '../schema.ts';
import { targetOf, urlOf } from '../target.ts';
import { withContent } from './operation-content.ts';

function etagFor(fs: HostedFilesystem, target: Target): string | null {
  if (target.file === undefined) return etagOfFilesystem(fs);
  const inode = fileOf(fs, target.file);
  return inode === null ? null : etagOf(inode);
}

/** RFC 8288: where the list goes on. */
export function linkNext(request: FastifyRequest, nextPageToken: string): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  query.set('pageToken', nextPageToken);
  const path = request.url.split('?', 1)[0];
  return `<${path}?${query}>; rel="next"`;
}

function eachWithContent(fs: HostedFilesystem, list: unknown): unknown {
  const { items, ...rest } = list as { items: unknown[] };
  return { items: items.map((item) => withContent(fs, item)), ...rest };
}

export function viewRoute(
  app: FastifyInstance,
  context: AppContext,
  view: View,
  toJson: Serialize,
): void {
  const { engine, config } = context;
  const coercions = coercionsOf(view.query);
  const { etag: tagged, operationRecords } = view;

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const found = targetOf(engine, request, view.on);
    if (found.fs === null) {
      if (tagged && request.headers['if-match'] !== undefined) throw nothingMatches();
      return sendFailure(reply, found.failure);
    }
    const { fs, target } = found;
    const query = parse(view.query, coerce(request.query as Record<string, unknown>, coercions));
    // Without the header, a look at an operation does not wait.
    if (view.waits && request.headers.prefer !== undefined) {
      const { waitMs, applied } = preferenceOf(request.headers.prefer, config);
      if (applied?.startsWith('wait') === true) {
        reply.header('preference-applied', applied);
        await fs.whenEnded(target.operation ?? 0, waitMs);
      }
    }
    const read = fs.view(view, target, query);
    const etag = tagged ? etagFor(fs, target) : null;
    if (!read.ok) {
      if (tagged && request.headers['if-match'] !== undefined) throw nothingMatches();
      return sendFailure(reply, read.failure);
    }
    const result =
      operationRecords === 'result'
        ? withContent(fs, read.result)
        : operationRecords === 'items'
          ? eachWithContent(fs, read.result)
          : read.result;
    const unchanged = isNotModified(request, etag);
    if (etag !== null) reply.header('etag', etag);
    if (unchanged) return reply.code(304).send();
    const { nextPageToken } = result as { nextPageToken?: string };
    if (nextPageToken !== undefined) reply.header('link', linkNext(request, nextPageToken));
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .send(toJson(reply, result));
  };

  const url = urlOf({ on: view.on, path: view.path });
  app.route({
    method: 'GET',
    url,
    exposeHeadRoute: true,
    config: { scope: 'read', view: view.name },
    handler,
  });
}
