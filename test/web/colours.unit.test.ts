// The colours of the page: texts can be read in both schemes, and meanings stay apart for people
// who see fewer colours, or have a sign of their own.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { strategyNames } from '../../src/lab/strategies.ts';
import { lookOf } from '../../web/lab/strategy-look.ts';

type Colour = readonly [red: number, green: number, blue: number];

const css = readFileSync(new URL('../../web/style/tokens.css', import.meta.url), 'utf8');

/** The tokens of a scheme, as 0 to 255. */
function tokensOf(scheme: 'light' | 'dark'): Map<string, Colour> {
  const texts = new Map<string, string>();
  for (const [, name, value] of css.matchAll(/--([\w-]+):\s*([^;]+);/g))
    if (name !== undefined && value !== undefined) texts.set(name, value);
  const colours = new Map<string, Colour>();
  for (const [name] of texts) {
    const colour = colourOf(texts, name, scheme);
    if (colour !== null) colours.set(name, colour);
  }
  return colours;
}

function colourOf(
  texts: ReadonlyMap<string, string>,
  name: string,
  scheme: 'light' | 'dark',
): Colour | null {
  const text = texts.get(name) ?? '';
  const of = /^var\(--([\w-]+)\)$/.exec(text)?.[1];
  if (of !== undefined) return colourOf(texts, of, scheme);
  const [light, dark = light] = text.match(/#[0-9a-f]{6}/gi) ?? [];
  const hex = scheme === 'light' ? light : dark;
  if (hex === undefined) return null;
  const byte = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [byte(1), byte(3), byte(5)];
}

const linear = (byte: number): number => {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};

function luminance([red, green, blue]: Colour): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** WCAG 2.2, contrast ratio. */
function contrast(one: Colour, other: Colour): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

const onGround = ['text', 'text-soft', 'accent', 'running', 'sleep-s', 'sleep-d', 'ended', 'good'];
const tints = Array.from({ length: 8 }, (_, i) => `file-${i}`);
/** Text and what it stands on. */
const texts: [text: string, on: string][] = [
  ...onGround.map((text): [string, string] => [text, 'ground']),
  ['text', 'raised'],
  ['text-soft', 'raised'],
  ['accent', 'raised'],
  ['text', 'accent-soft'],
  ['accent', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-deadlock', 'deadlock'],
  ['text', 'metadata'],
  ...tints.map((tint): [string, string] => ['text', tint]),
];

/**
 * Full dichromacy by Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation
 * of Color Vision Deficiency", IEEE TVCG 15(6), 2009, table of severity 1.0; for linear RGB.
 */
const visions: Record<string, readonly (readonly number[])[]> = {
  trichromat: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanope: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranope: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanope: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The colour as the vision has it, in CIE L*a*b* of D65. */
function seen(colour: Colour, vision: readonly (readonly number[])[]): number[] {
  const of = colour.map(linear);
  const [red = 0, green = 0, blue = 0] = vision.map((row) =>
    Math.max(
      0,
      Math.min(
        1,
        row.reduce((sum, part, i) => sum + part * (of[i] ?? 0), 0),
      ),
    ),
  );
  const curve = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = curve((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047);
  const y = curve(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = curve((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (one: number[], other: number[]): number =>
  Math.hypot(...one.map((part, i) => part - (other[i] ?? 0)));

/** What tells each meaning without its colour. */
const meanings: Record<string, { token: string; sign: string }> = {
  free: { token: 'ground', sign: 'an empty cell' },
  metadata: { token: 'metadata', sign: 'the letter M' },
  busy: { token: 'busy', sign: 'rising hatch' },
  detached: { token: 'detached', sign: 'dots' },
  pinned: { token: 'text', sign: 'a disc' },
  poisoned: { token: 'poisoned', sign: 'a stripe' },
  S: { token: 'sleep-s', sign: 'the letter S' },
  D: { token: 'sleep-d', sign: 'the letter D' },
  deadlock: { token: 'deadlock', sign: 'a filled area' },
};

/** Below this, two colours are taken for the same at a glance. */
const apart = 15;

describe.each(['light', 'dark'] as const)('the %s scheme', (scheme) => {
  const tokens = tokensOf(scheme);
  const colour = (name: string): Colour => {
    const found = tokens.get(name);
    if (found === undefined) throw new Error(`--${name} is no colour`);
    return found;
  };

  it.each(texts)('has %s on %s with a contrast of 4.5', (text, on) => {
    expect(contrast(colour(text), colour(on))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(strategyNames)('has a line of %s with a contrast of 3', (strategy) => {
    const line = colour(lookOf(strategy).colour);
    expect(contrast(line, colour('ground'))).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.keys(visions))('tells lines by their dash that are close for a %s', (vision) => {
    const seenBy = (strategy: string) =>
      seen(colour(lookOf(strategy).colour), visions[vision] ?? []);
    const dash = (strategy: string) => lookOf(strategy).dash.join();
    // Without an idle rule it is one of the others, and is never compared with them.
    const drawn = strategyNames.filter((name) => name !== 'break-layouts');
    const alike = drawn.flatMap((one, at) =>
      drawn
        .slice(at + 1)
        .filter((other) => distance(seenBy(one), seenBy(other)) < apart)
        .filter((other) => dash(one) === dash(other))
        .map((other) => [one, other]),
    );
    expect(alike).toEqual([]);
  });

  it('has a sign for each meaning, and no two have the same', () => {
    const signs = Object.values(meanings).map(({ sign }) => sign);
    expect(new Set(signs).size).toBe(signs.length);
  });

  it.each(Object.keys(visions))('keeps the fills of frames apart for a %s', (vision) => {
    const fills = ['free', 'metadata', 'busy', 'detached'];
    expect(tooClose(fills, vision)).toEqual([]);
  });

  it.each(Object.keys(visions))('keeps a deadlock apart from what is only S for a %s', (vision) => {
    expect(tooClose(['busy', 'deadlock'], vision)).toEqual([]);
    expect(tooClose(['free', 'deadlock'], vision)).toEqual([]);
  });

  it.each(Object.keys(visions))('tells by its sign what is too close for a %s', (vision) => {
    for (const [one, other] of tooClose(Object.keys(meanings), vision))
      expect(meanings[one as string]?.sign).not.toBe(meanings[other as string]?.sign);
  });

  function tooClose(names: string[], vision: string): string[][] {
    const matrix = visions[vision] ?? [];
    const lab = (name: string) => seen(colour(meanings[name]?.token ?? ''), matrix);
    return names.flatMap((one, i) =>
      names
        .slice(i + 1)
        .filter((other) => distance(lab(one), lab(other)) < apart)
        .map((other) => [one, other]),
    );
  }
});

it('simulates what is known: red and green of one lightness meet for a deuteranope', () => {
  const [red, green]: Colour[] = [
    [190, 90, 60],
    [128, 122, 60],
  ];
  const matrix = visions.deuteranope ?? [];
  const whole = visions.trichromat ?? [];
  expect(distance(seen(red!, matrix), seen(green!, matrix))).toBeLessThan(
    distance(seen(red!, whole), seen(green!, whole)) / 2,
  );
});
