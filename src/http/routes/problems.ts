// The pages to which the `type` of a problem points.
import { z } from 'zod';
import { zCount } from '../../kernel/units.ts';
import { HttpProblem } from '../problem.ts';
import { isProblemType, type ProblemType, problemTable, problemTypes } from '../problem-table.ts';
import { defineRoute, type Route } from './define.ts';

export const zProblemType = z.object({
  type: z.string(),
  title: z.string(),
  status: zCount,
  detail: z.string(),
});
const shownRow = (type: ProblemType) => {
  const { title, status, doc } = problemTable[type];
  return { type: `/v1/problems/${type}`, title, status, detail: doc };
};

const listProblems = defineRoute({
  name: 'list-problems',
  url: '/v1/problems',
  scope: 'public',
  tag: 'server',
  summary: 'Every problem type',
  doc: 'All values of `type` in a problem.',
  result: z.object({ items: z.array(zProblemType) }),
  answer: () => ({ items: problemTypes.map(shownRow) }),
});

const getProblem = defineRoute({
  name: 'get-problem',
  url: '/v1/problems/:problem',
  scope: 'public',
  tag: 'server',
  summary: 'One problem type',
  doc: 'The page to which the `type` of a problem links.',
  result: zProblemType,
  answer(_door, { request }) {
    const { problem } = request.params as { problem: string };
    if (!isProblemType(problem))
      throw new HttpProblem('no-such-thing', 'There is no such problem type.');
    return shownRow(problem);
  },
});

export const problemRoutes: readonly Route[] = [listProblems, getProblem];
