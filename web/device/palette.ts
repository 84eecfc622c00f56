// The colours of the map of the device.
import { signal } from '@preact/signals';
import { cssColours } from '../parts/css-colours.ts';

const names = [
  'ground',
  'raised',
  'line',
  'line-strong',
  'text',
  'text-soft',
  'accent',
  'accent-soft',
  'metadata',
  'busy',
  'detached',
  'poisoned',
  'sleep-d',
  'file-0',
  'file-1',
  'file-2',
  'file-3',
  'file-4',
  'file-5',
  'file-6',
  'file-7',
] as const;
type ColourName = (typeof names)[number];

export interface Palette {
  colours: Record<ColourName, string>;
  mono: string;
  /** 1, or more with larger type. */
  scale: number;
}

function read(): Palette {
  const colours = cssColours(names);
  const root = getComputedStyle(document.documentElement);
  const mono = root.getPropertyValue('--mono');
  return { colours, mono, scale: Math.max(1, Number.parseFloat(root.fontSize) / 15) };
}

/** null until a view has asked for it. */
export const palette = signal<Palette | null>(null);
let watches = false;

/** Reads the colours now and whenever the scheme or the size of the type changes. */
export function watchPalette(): void {
  palette.value = read();
  if (watches) return;
  watches = true;
  const again = () => {
    palette.value = read();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  new MutationObserver(again).observe(document.documentElement, { attributes: true });
}

/** The colour that is easier to read on the fill, both as rgb(…). */
export function readableOn(fill: string, one: string, other: string): string {
  const on = brightness(fill);
  return Math.abs(brightness(one) - on) >= Math.abs(brightness(other) - on) ? one : other;
}

/** By the weights of WCAG without its gamma, which is enough to choose between two. */
function brightness(rgb: string): number {
  const [red = 0, green = 0, blue = 0] = (rgb.match(/[\d.]+/g) ?? []).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
