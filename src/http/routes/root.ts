// GET /: links for programs, and the way to the page for browsers.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { version } from '../../version.ts';
import { preferredType } from '../accept.ts';
import { tokenNeeded, tokenNeededDoc } from '../auth.ts';
import { isNotModified } from '../conditional.ts';
import { jsonType } from '../contract.ts';
import { docsUrl } from '../docs.ts';
import { pageUrl, queryOf } from '../page.ts';
import { serializerOf } from '../schema.ts';
import { addVary } from '../vary.ts';
import { contractOf, queryParserOf, type Route } from './define.ts';

const zIndex = z.object({
  name: z.string(),
  version: z.string(),
  links: z
    .object({
      api: z.string().describe('What the server can do, and who the caller is.'),
      openapi: z.string().describe('Every route of the API.'),
      asyncapi: z.string().describe('The event streams.'),
      metrics: z.string().describe('For Prometheus.'),
      ready: z.string().describe('The readiness check.'),
      page: z.string().describe('The page, for a browser.'),
      docs: z.string().describe('The docs, for a browser.'),
    })
    .describe('Paths on this server.'),
  tokenNeeded: z.boolean().describe(tokenNeededDoc),
});

const contract = contractOf({
  name: 'index',
  url: '/',
  scope: 'public',
  tag: 'server',
  summary: 'Where everything is',
  doc:
    'Links to the API, its documents and the page. A browser is redirected to the page: a ' +
    'request whose Accept prefers text/html to application/json.',
  answers: [
    { status: 200, doc: 'The links.', content: { [jsonType]: zIndex } },
    { status: 302, doc: 'The page is at the URL in Location.' },
  ],
  conditions: 'answer',
});

const links = {
  api: '/v1',
  openapi: '/openapi.json',
  asyncapi: '/asyncapi.json',
  metrics: '/metrics',
  ready: '/readyz',
  page: pageUrl,
  docs: docsUrl,
};

const below = (prefix: string): typeof links => {
  const all = Object.entries(links).map(([name, path]) => [name, prefix + path]);
  return Object.fromEntries(all) as typeof links;
};

/**
 * A redirect instead of the page itself, so that the page has one URL for each view. A link that is
 * copied from the address bar then shows the page whatever Accept says.
 */
export const rootRoute: Route = {
  contracts: [contract],
  handle(context) {
    const toJson = serializerOf(zIndex, context);
    const check = queryParserOf(contract.query);
    const indexAt = (prefix: string): z.infer<typeof zIndex> => ({
      name: 'pinhole',
      version,
      links: below(prefix),
      tokenNeeded: tokenNeeded(context.config),
    });
    const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      addVary(reply, 'Accept');
      if (preferredType(request.headers.accept, [jsonType, 'text/html']) === 'text/html')
        return reply.redirect(pageUrl + queryOf(request), 302);
      check(request);
      if (isNotModified(request, null)) return reply.code(304).send();
      return reply
        .header('content-type', `${jsonType}; charset=utf-8`)
        .send(toJson(reply, indexAt(request.prefix)));
    };
    return { handler };
  },
};
