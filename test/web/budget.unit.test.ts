// What a browser loads before the first view: bytes of the built files, not times.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { firstViewBytes } from '../../load/first-view.ts';

const built = fileURLToPath(new URL('../../dist/web', import.meta.url));

it.each([
  ['home', 80_000],
  // Whoever follows a link to a filesystem begins here; it has the panels of five other views.
  ['machine', 85_000],
])('%s needs at most %i bytes of gzipped script', (view, most) => {
  const files = firstViewBytes(built, view);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  expect(files.length).toBeGreaterThan(1);
  expect(bytes, JSON.stringify(files)).toBeLessThanOrEqual(most);
});
