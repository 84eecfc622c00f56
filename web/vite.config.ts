// Builds the page into dist/web. `src/` serves that folder and knows nothing else of the page.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('.'),
  base: '/ui/',
  logLevel: 'warn',
  resolve: { alias: { 'pinhole/client': path('../src/client/browser.ts') } },
  build: {
    outDir: path('../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows files of this origin only, so no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
