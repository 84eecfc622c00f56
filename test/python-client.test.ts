// The generated modules of clients/python. Its own tests run against a server: `npm run
// test:python`.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readDocument } from '../clients/python/generate/document.ts';
import { generatedModules } from '../clients/python/generate/modules.ts';

const modules = Object.entries(generatedModules());
const [, operations = ''] = modules.find(([path]) => path.endsWith('operations.py')) ?? [];

it.each(modules)('%s is what `npm run python-client` writes', (path, text) => {
  expect(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')).toBe(text);
});

it('has a method for each route but the event streams', () => {
  const ids = Object.values(readDocument().paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  const missing = ids.filter((id) => !operations.includes(`    def ${id.replaceAll('-', '_')}(`));
  expect(missing).toEqual(['events', 'tenant-events']);
});

it('follows the document: a field that is added becomes an argument and an attribute', () => {
  const document = readDocument();
  const { PinArgs, Pin } = document.components.schemas;
  if (PinArgs?.properties === undefined || Pin?.properties === undefined)
    throw new Error('no pins');
  PinArgs.properties.dmaBufs = { type: 'integer', description: 'How many buffers.' };
  Pin.properties.dmaBufs = { type: 'integer', description: 'How many buffers.' };
  const changed = generatedModules(document);
  expect(changed['clients/python/pinhole/operations.py']).toContain('dma_bufs: int | None = None');
  expect(changed['clients/python/pinhole/models.py']).toContain('"dma_bufs": "dmaBufs"');
});
