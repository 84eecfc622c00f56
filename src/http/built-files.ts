// What serving the page and serving the docs have in common: folders that `npm run build` makes,
// below a URL of their own, with the headers that protect a browser.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyStaticOptions } from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { preferredType } from './accept.ts';
import { HttpProblem, problemMediaType } from './problem.ts';

/**
 * A path that can be a file of the folder. Everything else is refused: no `..`, no hidden file, no
 * encoded separator, so a path cannot lead out of the folder. VitePress gives names with an @.
 */
export const fileForm = /^(?:[\w@-][\w.@-]*\/)*[\w@-][\w.@-]*$/;

/** The names of these files change with their content, so browsers need not ask again. */
export const assets = 'assets/';
const forever = { cacheControl: true, maxAge: '1y', immutable: true } as const;

/**
 * For @fastify/static. Without routes of its own, because not every URL is a file. Without ranges,
 * because the files are small.
 */
export const builtFiles: FastifyStaticOptions = {
  serve: false,
  index: false,
  acceptRanges: false,
  cacheControl: false,
  preCompressed: true,
};

/**
 * For @fastify/helmet. 'self' includes WebSockets of the same origin. There is no
 * `upgrade-insecure-requests` and no HSTS, because the server speaks plain HTTP on loopback. There
 * is no Cross-Origin-Opener-Policy, because it would cut the page off from the tab of Perfetto, to
 * which it sends a trace.
 */
export const browserHeaders = (images: readonly string[] = []) => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      ...(images.length === 0 ? {} : { imgSrc: ["'self'", ...images] }),
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginOpenerPolicy: false,
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' as const },
  xFrameOptions: { action: 'deny' as const },
});

export const isFile = (folder: string, path: string): Promise<boolean> =>
  stat(join(folder, path)).then(
    (found) => found.isFile(),
    () => false,
  );

/** A page names the current assets, so it is asked for again each time. */
export function sendBuilt(reply: FastifyReply, path: string, folder: string): FastifyReply {
  if (path.startsWith(assets)) return reply.sendFile(path, folder, forever);
  return reply.header('cache-control', 'no-cache').sendFile(path, folder);
}

/** 404 with `why`: as text for a browser, as a problem for every other client. */
export function notBuilt(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  why: string,
): FastifyReply {
  reply.header('cache-control', 'no-store').header('vary', 'Accept');
  if (preferredType(headers.accept, [problemMediaType, 'text/html']) !== 'text/html')
    throw new HttpProblem('no-such-route', why);
  return reply
    .code(404)
    .type('text/plain; charset=utf-8')
    .send(`${why}\nThe API works without it; see /openapi.json.\n`);
}
