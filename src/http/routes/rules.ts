// The rules that the field `rule` of a problem names, and to which its Link points.
import { z } from 'zod';
import { HttpProblem } from '../problem.ts';
import { allRules } from '../rules.ts';
import { defineRoute, type Route } from './define.ts';

const zRule = z.object({
  id: z.string(),
  section: z.string().describe('The part of docs/spec.md that the rule stands in.'),
  text: z.string().describe('The rule, in English. Identifiers stand in backticks.'),
  source: z
    .string()
    .optional()
    .describe('The code of Linux, or the standard, that the rule mirrors, if its text names one.'),
});

const listRules = defineRoute({
  name: 'list-rules',
  url: '/v1/rules',
  scope: 'public',
  tag: 'server',
  summary: 'Every rule of the machine and of the wire',
  doc: 'In the order of docs/spec.md. The field `rule` of a problem is the id of one of them.',
  result: z.object({ items: z.array(zRule) }),
  answer: () => ({ items: [...allRules().values()] }),
});

const getRule = defineRoute({
  name: 'get-rule',
  url: '/v1/rules/:rule',
  scope: 'public',
  tag: 'server',
  summary: 'One rule',
  doc: 'The text of the rule that a problem names. Each problem has a Link to it (describedby).',
  result: zRule,
  answer(_context, { request }) {
    const { rule } = request.params as { rule: string };
    const known = allRules().get(rule);
    if (known === undefined)
      throw new HttpProblem(
        'no-such-thing',
        'There is no such rule; GET /v1/rules lists them all.',
      );
    return known;
  },
});

export const ruleRoutes: readonly Route[] = [listRules, getRule];
