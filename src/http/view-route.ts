// One view of the kernel's registry as a route for GET and HEAD.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Hosted } from '../engine/engine.ts';
import { etagOf } from '../kernel/fs/inode.ts';
import type { Target } from '../kernel/state.ts';
import type { View } from '../kernel/views/define.ts';
import { checkIfMatch, etagOfFilesystem, fileOf, isNotModified } from './conditional.ts';
import type { Door } from './door.ts';
import { preferenceOf } from './prefer.ts';
import { sendFailure } from './problem.ts';
import { coerce, coercionsOf, parse, type Serialize } from './schema.ts';
import { targetOf, urlOf } from './target.ts';

/** Null where the thing has no ETag. */
function etagFor(view: View, fs: Hosted, target: Target): string | null {
  if (view.name === 'filesystem') return etagOfFilesystem(fs);
  const inode = view.name === 'file' ? fileOf(fs, target.file) : null;
  return inode === null ? null : etagOf(inode);
}

/** RFC 8288: where the list goes on. */
export function linkNext(request: FastifyRequest, nextPageToken: string): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  query.set('pageToken', nextPageToken);
  const path = request.url.split('?', 1)[0];
  return `<${path}?${query}>; rel="next"`;
}

export function viewRoute(app: FastifyInstance, door: Door, view: View, toJson: Serialize): void {
  const { engine, config } = door;
  const coercions = coercionsOf(view.query);
  const tagged = view.name === 'filesystem' || view.name === 'file';
  const isOperation = view.name === 'operation';

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const found = targetOf(engine, request, view.on);
    if (found.fs === null) {
      if (tagged) checkIfMatch(request.headers, null);
      return sendFailure(reply, found.failure);
    }
    const { fs, target } = found;
    const query = parse(view.query, coerce(request.query as Record<string, unknown>, coercions));
    // Without the header, a look at an operation does not wait.
    if (isOperation && request.headers.prefer !== undefined) {
      const { waitMs, applied } = preferenceOf(request.headers.prefer, config);
      if (applied?.startsWith('wait') === true) {
        reply.header('preference-applied', applied);
        await engine.whenEnded(fs, target.operation ?? 0, waitMs);
      }
    }
    const read = engine.view(fs, view, target, query);
    const etag = tagged ? etagFor(view, fs, target) : null;
    if (tagged) checkIfMatch(request.headers, etag);
    if (!read.ok) return sendFailure(reply, read.failure);
    const { result } = read;
    if (etag !== null) {
      reply.header('etag', etag);
      if (isNotModified(request.headers, etag)) return reply.code(304).send();
    }
    const { nextPageToken } = result as { nextPageToken?: string };
    if (nextPageToken !== undefined) reply.header('link', linkNext(request, nextPageToken));
    return reply.header('content-type', 'application/json; charset=utf-8').send(toJson(reply, result));
  };

  const url = urlOf({ on: view.on, path: view.path });
  app.route({ method: 'GET', url, exposeHeadRoute: true, config: { scope: 'read', view: view.name }, handler });
}
