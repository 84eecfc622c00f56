// /livez and /readyz, as Kubernetes uses them: a server is alive if it answers, and ready if it is
// not stopping.
import { z } from 'zod';
import type { AppContext } from '../app-context.ts';
import { HttpProblem } from '../problem.ts';
import { defineRoute, type Route } from './define.ts';

const zHealth = z.object({
  status: z.literal('ok'),
  checks: z
    .array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        stopped: z
          .array(z.string())
          .optional()
          .describe(
            'Ids of the first 20 stopped filesystems, as used by `pinhole repair` and the log.',
          ),
      }),
    )
    .optional(),
});
const stoppedMax = 20;
const verbose = z.strictObject({ verbose: z.boolean().optional().describe('Lists the checks.') });

function checksOf({ engine }: AppContext): { name: string; ok: boolean; stopped?: string[] }[] {
  const stopped: string[] = [];
  for (const fs of engine.all()) if (fs.stopped !== null) stopped.push(fs.id);
  const named = stopped.length === 0 ? {} : { stopped: stopped.slice(0, stoppedMax) };
  return [
    { name: 'accepting', ok: !engine.draining },
    // Reported only: the server is ready, because the other filesystems still serve.
    { name: 'filesystems-running', ok: stopped.length === 0, ...named },
    // Reported only: reads, and operations that free space, still work.
    { name: 'journal-has-room', ok: !engine.full },
  ];
}

const livez = defineRoute({
  name: 'livez',
  url: '/livez',
  scope: 'public',
  tag: 'server',
  summary: 'Liveness check',
  doc: 'Answers as long as the event loop runs.',
  query: verbose,
  result: zHealth,
  answer: () => ({ status: 'ok' }),
});

const readyz = defineRoute({
  name: 'readyz',
  url: '/readyz',
  scope: 'public',
  tag: 'server',
  summary: 'Readiness check',
  doc: '503 as soon as the server begins to stop.',
  query: verbose,
  result: zHealth,
  problems: ['not-ready'],
  answer(context, { query }) {
    const checks = query.verbose === true ? { checks: checksOf(context) } : {};
    if (context.engine.draining)
      throw new HttpProblem('not-ready', 'The server is stopping and accepts no new work.', checks);
    return { status: 'ok', ...checks };
  },
});

export const healthRoutes: readonly Route[] = [livez, readyz];
