// The OpenAPI 3.1 document, generated from the contracts of all routes and the table of problems.
// `npm run openapi` writes it to openapi/openapi.json.
import { version } from '../../version.ts';
import { type Contract, tags } from '../contract.ts';
import type { JsonSchema } from '../schema.ts';
import { componentsOf } from './components.ts';
import { itemOf } from './item.ts';
import { problemExamples } from './problems.ts';
import { recorded } from './recorded-answers.ts';
import { shareResponses } from './responses.ts';

const sleepingExample = {
  summary: 'An operation that sleeps until a pin is released',
  value: recorded['punch-hole']?.answers[202],
};

export function openApi(contracts: readonly Contract[]): JsonSchema {
  const components = componentsOf(contracts);
  const paths: Record<string, JsonSchema> = {};
  for (const contract of contracts) {
    const path = contract.url.replace(/:(\w+)/g, '{$1}');
    const item = itemOf(contract, components);
    paths[path] = { ...paths[path], [contract.method.toLowerCase()]: item };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pinhole',
      version,
      summary: 'Truncate and hole punch against page pins, on simulated DAX filesystems.',
      description:
        'Every error is application/problem+json. Without a token, callers on loopback are the ' +
        'tenant `default`. Every answer has an X-Request-Id, which the log of the server names, too: ' +
        'that of the request, if it is at most 128 characters of A-Z, a-z, 0-9 and `_.:+/=@~-`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, {}],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      responses: shareResponses(paths),
      schemas: components.schemas,
      examples: { ...problemExamples(), sleeping: sleepingExample },
    },
  };
}
