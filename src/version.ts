// The version of the program, as package.json has it: for --version, /v1/server and the documents.
import { createRequire } from 'node:module';

// A JSON import would put package.json below dist/, because it lies above src/.
const { version: stated } = createRequire(import.meta.url)('../package.json') as {
  version: string;
};
export const version = stated;
