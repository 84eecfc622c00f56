// Which colours are in force. A canvas has those with which it was drawn, so charts are drawn again
// when the system changes its scheme, and before the page is printed, which is always light.
import { signal } from '@preact/signals';

/** Changes with each change of the colours or the size of the type. */
export const colourScheme = signal(0);

const changed = () => {
  colourScheme.value += 1;
};

const forPrint = (prints: boolean) => () => {
  document.documentElement.classList.toggle('prints', prints);
  changed();
};

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['class'] });
window.addEventListener('beforeprint', forPrint(true));
window.addEventListener('afterprint', forPrint(false));
