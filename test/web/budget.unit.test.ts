// What a browser loads before the first view: bytes of the built files, not times.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { firstViewBytes } from '../../load/first-view.ts';

const built = fileURLToPath(new URL('../../dist/web', import.meta.url));

// Whoever follows a link to a filesystem begins on Machine.
it.each(['home', 'machine'])('%s needs at most 80 kB of gzipped script', (view) => {
  const files = firstViewBytes(built, view);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  expect(files.length).toBeGreaterThan(1);
  expect(bytes, JSON.stringify(files)).toBeLessThanOrEqual(80_000);
});
