// Serves the page: the folder that `npm run build` makes from web/, below /ui/. The page is public,
// because it holds no data: it asks the API for everything, with the token of the person.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fastifyHelmet } from '@fastify/helmet';
import { fastifyStatic } from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { preferredType } from './accept.ts';
import { HttpProblem, problemMediaType } from './problem.ts';
import { contractOf } from './routes/define.ts';

/** The same folder for dist/http/page.js and, when tsx runs it, for src/http/page.ts. */
export const builtPage = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Where the page is. `GET /` sends browsers here. */
export const pageUrl = '/ui/';

/**
 * A path that can be a file of the folder. Everything else is a view of the page, or refused: no
 * `..`, no hidden file, no encoded separator, so a path cannot lead out of the folder.
 */
const fileForm = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;

/** The names of these files change with their content, so browsers need not ask again. */
const assets = 'assets/';
const forever = { cacheControl: true, maxAge: '1y', immutable: true } as const;

/**
 * 'self' includes WebSockets of the same origin. There is no `upgrade-insecure-requests` and no
 * HSTS, because the server speaks plain HTTP on loopback. There is no Cross-Origin-Opener-Policy,
 * because it would cut the page off from the tab of Perfetto, to which it sends a trace.
 */
const headers = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginOpenerPolicy: false,
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
} as const;

/** Not in the OpenAPI document, because a page is for people. */
const contract = contractOf({
  name: 'page',
  url: `${pageUrl}*`,
  scope: 'public',
  tag: 'server',
  summary: 'The page',
  doc: 'A file of the page, or its index.html for every view.',
  answers: [{ status: 200, doc: 'The file.' }],
  head: 'handled',
});

/**
 * The routes of the page, to be registered as a scope of its own, so that the API does not pay for
 * the hooks of the plugins.
 */
export const servePage: FastifyPluginAsync<{ folder: string }> = async (scope, { folder }) => {
  await scope.register(fastifyHelmet, headers);
  // Without routes of its own, because a view of the page is no file. Without ranges, because the
  // files are small.
  await scope.register(fastifyStatic, {
    serve: false,
    index: false,
    acceptRanges: false,
    cacheControl: false,
    preCompressed: true,
  });
  const route = { method: ['GET', 'HEAD'], config: { contract } };
  scope.route({
    ...route,
    url: pageUrl.slice(0, -1),
    handler: (request, reply) => reply.redirect(pageUrl + queryOf(request)),
  });
  scope.route({
    ...route,
    url: contract.url,
    handler: (request, reply) => send(request, reply, folder),
  });
};

/** With its question mark. The page reads it: it may hold the filters of a shared link. */
export function queryOf({ url }: FastifyRequest): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at);
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
): Promise<FastifyReply> {
  const { '*': path } = request.params as { '*': string };
  if (fileForm.test(path) && path !== 'index.html' && (await isFile(folder, path))) {
    if (path.startsWith(assets)) return reply.sendFile(path, folder, forever);
    return reply.header('cache-control', 'no-cache').sendFile(path, folder);
  }
  if (!isView(path)) throw new HttpProblem('no-such-route', 'The page has no file at this URL.');
  if (!(await isFile(folder, 'index.html'))) return notBuilt(request, reply);
  // Asked again each time, because it names the current assets.
  return reply.header('cache-control', 'no-cache').sendFile('index.html', folder);
}

/** An asset that is missing must not become a page, which the browser would keep for a year. */
function isView(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refused, as no name contains them
  if (path.startsWith(assets) || /[\0-\x1f\x7f\\]/.test(path)) return false;
  const parts = path.replace(/\/$/, '').split('/');
  return path === '' || parts.every((part) => part !== '' && part !== '.' && part !== '..');
}

const isFile = (folder: string, path: string): Promise<boolean> =>
  stat(join(folder, path)).then(
    (found) => found.isFile(),
    () => false,
  );

const why = 'The page is not built. Run `npm run build`, then load this URL again.';

function notBuilt({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('cache-control', 'no-store').header('vary', 'Accept');
  if (preferredType(headers.accept, [problemMediaType, 'text/html']) !== 'text/html')
    throw new HttpProblem('no-such-route', why);
  return reply
    .code(404)
    .type('text/plain; charset=utf-8')
    .send(`${why}\nThe API works without it; see /openapi.json.\n`);
}
