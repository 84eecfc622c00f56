import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import '../../../web/style/tokens.css';
import { ApiReader } from './api-reader.ts';
import './style.css';

/** A plain link, because the page is not below /docs/. With a target VitePress leaves it alone. */
const toPage = () => h('a', { class: 'to-page', href: '/ui/', target: '_self' }, 'The page');

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'nav-bar-content-after': toPage,
      'nav-screen-content-after': toPage,
    }),
  enhanceApp({ app }) {
    app.component('ApiReader', ApiReader);
  },
} satisfies Theme;
