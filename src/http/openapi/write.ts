// Writes openapi/openapi.json and openapi/asyncapi.json. Run it after changing an operation, a
// view, a route or a problem; a test fails if the files are out of date.
import { writeFileSync } from 'node:fs';
import { contracts } from '../routes/index.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './document.ts';

const documents = { openapi: openApi(contracts), asyncapi: asyncApi(contracts) };
for (const [name, document] of Object.entries(documents)) {
  writeFileSync(
    new URL(`../../../openapi/${name}.json`, import.meta.url),
    `${JSON.stringify(document, null, 2)}\n`,
  );
}
