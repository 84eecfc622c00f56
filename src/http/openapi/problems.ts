// Problems in the OpenAPI document: their schema, an example for each type, and the responses of a
// route by status.
import { z } from 'zod';
import { type Problem, problemMediaType, problemOf, retryAfter } from '../problem.ts';
import { type ProblemType, problemTable, problemTypes } from '../problem-table.ts';
import { isLimit } from '../rate-limit.ts';
import type { JsonSchema } from '../schema.ts';
import { recordedProblems } from './recorded-answers.ts';

export const zProblem = z
  .looseObject({
    type: z.string().describe('A URL of this server that explains the problem.'),
    title: z.string().describe('The name of the problem type.'),
    status: z.int().min(400).max(599).describe('The status of the answer.'),
    detail: z.string().describe('What happened, to what, and what can be done.'),
    instance: z.string().optional().describe('The path of the request.'),
    errno: z.string().optional().describe('The errno that a system call would have returned.'),
    rule: z.string().optional().describe('The rule that applied; GET /v1/rules/{id} has its text.'),
    help: z.string().optional().describe('The page of the docs that says what can be done.'),
    blockedBy: z
      .array(
        z.looseObject({
          pin: z.string().optional(),
          mapping: z.string().optional(),
          operation: z.string().optional(),
          owner: z.string().nullable(),
          heldMs: z.int().nonnegative(),
        }),
      )
      .optional()
      .describe('What blocks the operation, 16 at most: with EAGAIN for nowait, and with EBUSY.'),
    cycle: z
      .array(z.string())
      .optional()
      .describe(
        'With EDEADLK: the operations and what each waits for, in a circle, as in the wait graph.',
      ),
    fields: z
      .array(
        z.object({
          field: z.string().describe('The path of the field, with dots.'),
          message: z.string().optional().describe('What is wrong with it.'),
          line: z.int().optional().describe('The line, in a workload that was sent as text.'),
          column: z.int().optional().describe('The column, in a workload that was sent as text.'),
        }),
      )
      .optional()
      .describe('The fields of the body or the query that are wrong, 16 at most.'),
  })
  .describe(`RFC 9457. Types: ${problemTypes.join(', ')}.`);

export const header = (description: string) => ({ description, schema: { type: 'string' } });

const rateLimitHeaders = {
  RateLimit: header('What is left of the limit or quota that refused the request: `"pins";r=0`.'),
  'RateLimit-Policy': header(
    'The limit or quota that refused the request, and what it counts: ' +
      '`"pins";q=1024;qu="pins"`.',
  ),
};

/** One response per status, with an example for each problem type. */
export function problemResponses(types: Iterable<ProblemType>): Record<string, JsonSchema> {
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of types) {
    const { status } = problemTable[type];
    byStatus.set(status, [...(byStatus.get(status) ?? []), type]);
  }
  const ascending = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    ascending.map(([status, group]) => [String(status), problemResponse(group.sort())]),
  );
}

function problemResponse(types: readonly ProblemType[]): JsonSchema {
  const examples = Object.fromEntries(
    types.map((type) => [type, { $ref: `#/components/examples/${type}` }]),
  );
  return {
    description: `${types.map((type) => `\`${type}\``).join(', ')}.`,
    headers: {
      Link: header('`rel="describedby"` is the URL of the rule that applied.'),
      ...(types.some((type) => type in retryAfter) ? { 'Retry-After': header('In seconds.') } : {}),
      ...(types.some(isLimit) ? rateLimitHeaders : {}),
    },
    content: {
      [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' }, examples },
    },
  };
}

/** An example of each problem type. */
export const problemExamples = (): Record<string, JsonSchema> =>
  Object.fromEntries(
    problemTypes.map((type) => [
      type,
      { summary: problemTable[type].title, value: recordedProblems[type] ?? exampleOf(type) },
    ]),
  );

/** For a type that no recorded request is refused with. */
function exampleOf(type: ProblemType): Problem {
  const { doc, cause } = problemTable[type];
  return problemOf(type, doc, cause === undefined ? { errno: type.toUpperCase() } : {});
}
