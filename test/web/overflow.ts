import type { Page } from 'playwright-core';

/** Whether something is wider than the window, and which elements are. */
export const overflow = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return 'none';
    const guilty = [...document.querySelectorAll('main *, header *')]
      .filter((at) => at.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 3).map((at) => at.tagName + '.' + at.className);
    return wide + ' px too wide: ' + guilty.join(', ');
  })()`);
