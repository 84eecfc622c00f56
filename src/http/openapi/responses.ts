// Most routes can answer with the same problems. Each set of them is one component, to which the
// routes refer.
import type { JsonSchema } from '../schema.ts';

type Responses = Record<string, JsonSchema>;
/** The operations of a path, by method. */
type Item = { responses: Responses };

/** The name of a response, from its status and problem types: `404.enoent`. */
function nameOf(status: string, response: JsonSchema): string {
  const content = response.content as Record<string, { examples: object }>;
  return [status, ...Object.keys(content['application/problem+json']?.examples ?? {})].join('.');
}

const isProblem = ({ content }: JsonSchema): boolean =>
  content !== undefined && Object.keys(content as object).join() === 'application/problem+json';

/**
 * Replaces the responses that several routes share by references, and returns them by their names.
 */
export function shareResponses(paths: Record<string, JsonSchema>): Responses {
  const users = new Map<string, { responses: Responses; status: string; response: JsonSchema }[]>();
  for (const { responses } of Object.values(paths).flatMap((item) =>
    Object.values(item as Record<string, Item>),
  )) {
    for (const [status, response] of Object.entries(responses)) {
      if (!isProblem(response)) continue;
      const text = JSON.stringify(response);
      users.set(text, [...(users.get(text) ?? []), { responses, status, response }]);
    }
  }
  const shared: Responses = {};
  for (const same of users.values()) {
    const [first] = same;
    if (first === undefined || same.length < 2) continue;
    const name = nameOf(first.status, first.response);
    if (Object.hasOwn(shared, name)) continue;
    shared[name] = first.response;
    for (const { responses, status } of same)
      responses[status] = { $ref: `#/components/responses/${name}` };
  }
  return shared;
}
