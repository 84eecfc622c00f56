// The docs as a site. `build.mjs` runs it on the pages that `stage.ts` has written.
import { defineConfig } from 'vitepress';
import { citations } from '../markdown/citations.ts';
import { classesOfTokens, theme } from '../markdown/code-colours.ts';
import { sidebar } from '../sidebar.ts';

/**
 * What VitePress puts into each page and the content security policy does not allow. The script asks
 * whether this is a Mac; the stylesheet has what the style attributes say.
 */
const notAllowed =
  /<script id="check-mac-os">.*?<\/script>| style="(?:--vp-vh:0px;|position:relative;)"/gs;

export default defineConfig({
  title: 'Pinhole',
  description: 'Truncate and hole punch against page pins, on simulated DAX filesystems.',
  lang: 'en',
  base: '/docs/',
  srcDir: '../.docs-pages',
  outDir: process.env.PINHOLE_DOCS_TARGET ?? '../dist/docs',
  cacheDir: '../node_modules/.cache/vitepress',
  cleanUrls: true,
  metaChunk: true,
  // The colours follow the system, as those of the page do.
  appearance: false,
  head: [['link', { rel: 'icon', href: '/docs/icon.svg', type: 'image/svg+xml' }]],
  transformHtml: (html) => html.replace(notAllowed, ''),
  markdown: {
    // `{on:lock}` at the end of a cell is text, not an attribute.
    attrs: { disable: true },
    theme,
    codeTransformers: [classesOfTokens],
    config: (md) => citations(md),
    toc: { level: [2, 3] },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Tour', link: '/tour' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Stories', link: '/stories/' },
      { text: 'API', link: '/api' },
    ],
    sidebar,
    outline: { level: [2, 3], label: 'On this page' },
    search: { provider: 'local' },
    docFooter: { prev: 'Previous', next: 'Next' },
    externalLinkIcon: true,
  },
  vite: { build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 }, logLevel: 'warn' },
});
