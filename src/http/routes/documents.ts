// The routes for the documents that are generated from the contracts of all routes.
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isNotModified } from '../conditional.ts';
import { jsonType } from '../contract.ts';
import { contractOf, queryParserOf, type Route } from './define.ts';

interface Document {
  name: string;
  summary: string;
  of: string;
  make(): object;
}

/** The document is generated at the first request. */
export function documentRoute({ name, summary, of, make }: Document): Route {
  const contract = contractOf({
    name,
    url: `/${name}.json`,
    scope: 'public',
    tag: 'server',
    summary,
    doc: 'Generated from the registries that also serve the requests.',
    answers: [
      { status: 200, doc: of, content: { [jsonType]: z.looseObject({}).describe(of) } },
      { status: 304, doc: 'Not modified: an ETag in If-None-Match matches.' },
    ],
    conditions: 'answer',
    etag: true,
  });
  const queryOf = queryParserOf(contract.query);
  let text: string | null = null;
  let etag = '';
  const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    queryOf(request);
    if (text === null) {
      text = JSON.stringify(make());
      etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`;
    }
    reply.header('etag', etag);
    if (isNotModified(request, etag)) return reply.code(304).send();
    return reply.header('content-type', `${jsonType}; charset=utf-8`).send(text);
  };
  return { contracts: [contract], handle: () => ({ handler }) };
}
