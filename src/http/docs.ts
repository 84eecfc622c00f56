// Serves the docs: the folder that `npm run build` makes from docs/ and site/, below /docs/. They
// are public, like the page.
import { fileURLToPath } from 'node:url';
import { fastifyHelmet } from '@fastify/helmet';
import { fastifyStatic } from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { preferredType } from './accept.ts';
import {
  browserHeaders,
  builtFiles,
  fileForm,
  isFile,
  notBuilt,
  sendBuilt,
} from './built-files.ts';
import { queryOf } from './page.ts';
import { HttpProblem, problemMediaType } from './problem.ts';
import { contractOf } from './routes/define.ts';

/** The same folder for dist/http/docs.js and, when tsx runs it, for src/http/docs.ts. */
export const builtDocs = fileURLToPath(new URL('../../dist/docs', import.meta.url));

export const docsUrl = '/docs/';

/** Not in the OpenAPI document, because the docs are for people. */
const contract = contractOf({
  name: 'docs',
  url: `${docsUrl}*`,
  scope: 'public',
  tag: 'server',
  summary: 'The docs',
  doc: 'A page of the docs, or a file that it needs.',
  answers: [{ status: 200, doc: 'The file.' }],
  head: 'handled',
});

export const serveDocs: FastifyPluginAsync<{ folder: string }> = async (scope, { folder }) => {
  // Small icons of the stylesheets are data: URLs, for which the browser asks no server.
  await scope.register(fastifyHelmet, browserHeaders(['data:']));
  await scope.register(fastifyStatic, builtFiles);
  const route = { method: ['GET', 'HEAD'], config: { contract } };
  scope.route({
    ...route,
    url: docsUrl.slice(0, -1),
    handler: (request, reply) => reply.redirect(docsUrl + queryOf(request)),
  });
  scope.route({
    ...route,
    url: contract.url,
    handler: (request, reply) => send(request, reply, folder),
  });
};

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
): Promise<FastifyReply> {
  const { '*': path } = request.params as { '*': string };
  const file = await fileOf(folder, path);
  if (file !== null) return sendBuilt(reply, file, folder);
  if (!(await isFile(folder, 'index.html')))
    return notBuilt(
      request,
      reply,
      'The docs are not built. Run `npm run build`, or read the folder docs/ as files.',
    );
  const accepts = preferredType(request.headers.accept, [problemMediaType, 'text/html']);
  if (accepts !== 'text/html')
    throw new HttpProblem('no-such-route', 'The docs have no page at this URL.');
  return reply.code(404).header('cache-control', 'no-store').sendFile('404.html', folder);
}

/** A page has no ending in its URL: /docs/tour is tour.html, /docs/strategies/ its index.html. */
async function fileOf(folder: string, path: string): Promise<string | null> {
  const found = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  if (!fileForm.test(found)) return null;
  for (const file of [found, `${found}.html`, `${found}/index.html`])
    if (await isFile(folder, file)) return file;
  return null;
}
