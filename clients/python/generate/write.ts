// Writes the generated modules of the Python client: `npm run python-client`, a part of
// `npm run openapi`. A test fails if they are out of date.
import { writeFileSync } from 'node:fs';
import { generatedModules } from './modules.ts';

for (const [path, text] of Object.entries(generatedModules()))
  writeFileSync(new URL(`../../../${path}`, import.meta.url), text);
