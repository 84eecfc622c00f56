// Issues tickets for event streams to web pages.
import { z } from 'zod';
import { zCount } from '../../kernel/units.ts';
import { mayStayOf, tenantOf } from '../auth.ts';
import { HttpProblem } from '../problem.ts';
import { ticketMs } from '../tickets.ts';
import { defineRoute, type Route } from './define.ts';

const createTicket = defineRoute({
  name: 'create-ticket',
  method: 'POST',
  url: '/v1/tickets',
  scope: 'read',
  tag: 'server',
  summary: 'Get a ticket for an event stream',
  doc:
    'For browsers, which send no header with a WebSocket or an EventSource. Open the stream with ' +
    `\`?ticket=\` within ${ticketMs / 1000} s. A ticket is valid once, for that stream, and for ` +
    'pages of the origin that got it. The stream ends when the token expires or is revoked.',
  body: z.strictObject({
    stream: z
      .string()
      .max(255)
      .regex(/^\/v1\/(filesystems\/[^/?#]+\/)?events$/, 'must be the path of an event stream')
      .describe('`/v1/events`, or `/v1/filesystems/{fs}/events`.'),
  }),
  result: z.object({ ticket: z.string(), stream: z.string(), expiresMs: zCount }),
  status: 201,
  problems: ['too-many-tickets'],
  answer(context, { request, reply, body }) {
    const { caller } = request;
    const tenant = tenantOf(request);
    const now = context.nowMs();
    const untilMs = now + ticketMs;
    const origin = request.headers.origin ?? null;
    const scopes = caller?.scopes ?? [];
    const bought = {
      caller: { tenant, scopes },
      stream: body.stream,
      origin,
      untilMs,
      mayStay: mayStayOf(request, context),
    };
    const ticket = context.tickets.issue(bought, now);
    if (ticket === null) {
      const limit = context.config.ticketsPerTenantMax;
      throw new HttpProblem(
        'too-many-tickets',
        `A tenant may have at most ${limit} unused tickets; they expire after ` +
          `${ticketMs / 1000} s.`,
        {
          limit,
        },
      );
    }
    reply.header('location', `${body.stream}?ticket=${ticket}`).header('cache-control', 'no-store');
    return { ticket, stream: body.stream, expiresMs: untilMs };
  },
});

export const ticketRoutes: readonly Route[] = [createTicket];
