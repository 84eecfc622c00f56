// The pages that are generated from the code, or the generated end of a page of docs/.
import { commandPages } from './command.ts';
import { decisions } from './decisions.ts';
import { events } from './events.ts';
import { metrics } from './metrics.ts';
import { problems } from './problems.ts';
import { storyPages } from './stories.ts';
import { strategyPages } from './strategies.ts';

const api = `---
aside: false
---

# The API

The OpenAPI document of this server, \`/openapi.json\`. *Try it out* sends the request to this server. [The interface](./interface.md) explains what
the routes have in common.

<ApiReader />
`;

export const generated = async (): Promise<[string, string][]> => [
  ['adr/index.md', decisions()],
  ['events.md', events()],
  ['problems.md', problems()],
  ['metrics.md', metrics()],
  ['api.md', api],
  ...(await commandPages()),
  ...storyPages(),
  ...strategyPages(),
];
