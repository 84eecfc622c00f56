// Serves the page: the folder that `npm run build` makes from web/, below /ui/. The page is public,
// because it holds no data: it asks the API for everything, with the token of the person.
import { fileURLToPath } from 'node:url';
import { fastifyHelmet } from '@fastify/helmet';
import { fastifyStatic } from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import {
  assets,
  browserHeaders,
  builtFiles,
  fileForm,
  isFile,
  notBuilt,
  sendBuilt,
} from './built-files.ts';
import { HttpProblem } from './problem.ts';
import { contractOf } from './routes/define.ts';

/** The same folder for dist/http/page.js and, when tsx runs it, for src/http/page.ts. */
export const builtPage = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Where the page is. `GET /` sends browsers here. */
export const pageUrl = '/ui/';

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
  await scope.register(fastifyHelmet, browserHeaders());
  await scope.register(fastifyStatic, builtFiles);
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
  if (fileForm.test(path) && path !== 'index.html' && (await isFile(folder, path)))
    return sendBuilt(reply, path, folder);
  if (!isView(path)) throw new HttpProblem('no-such-route', 'The page has no file at this URL.');
  if (await isFile(folder, 'index.html')) return sendBuilt(reply, 'index.html', folder);
  return notBuilt(
    request,
    reply,
    'The page is not built. Run `npm run build`, then load this URL again.',
  );
}

/** An asset that is missing must not become a page, which the browser would keep for a year. */
function isView(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refused, as no name contains them
  if (path.startsWith(assets) || /[\0-\x1f\x7f\\]/.test(path)) return false;
  const parts = path.replace(/\/$/, '').split('/');
  return path === '' || parts.every((part) => part !== '' && part !== '.' && part !== '..');
}
