// The modules of the Python client that are generated, by their paths in the repository.
import { type Document, readDocument } from './document.ts';
import { modelsModule } from './models.ts';
import { operationsModule } from './operations.ts';

export function generatedModules(document: Document = readDocument()): Record<string, string> {
  return {
    'clients/python/pinhole/models.py': modelsModule(document),
    'clients/python/pinhole/operations.py': operationsModule(document),
  };
}
