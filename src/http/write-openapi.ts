// Writes openapi/openapi.json. Run it after a change of an operation, a view, a route or a problem; a test fails where it was forgotten.
import { writeFileSync } from 'node:fs';
import { openApi } from './openapi.ts';

writeFileSync(new URL('../../openapi/openapi.json', import.meta.url), `${JSON.stringify(openApi(), null, 2)}\n`);
