// Draws a chart as SVG, for docs that are read without a script. It has both colour schemes inside,
// because an image does not see the style of its page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Axis, Chart, Line } from '../../web/lab/chart.ts';
import { placesOfLabels } from '../../web/lab/chart-layout.ts';
import { lookOf } from '../../web/lab/strategy-look.ts';

const tokens = readFileSync(join(import.meta.dirname, '../../web/style/tokens.css'), 'utf8');

function colourOf(name: string, scheme: 'light' | 'dark'): string {
  const [, light, dark] =
    new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(tokens) ?? [];
  const colour = scheme === 'light' ? light : dark;
  if (colour === undefined) throw new Error(`tokens.css has no colour ${name}`);
  return colour;
}

const size = { width: 760, height: 300 };
const plot = { left: 68, right: 180, top: 12, bottom: 44 };
const inner = {
  width: size.width - plot.left - plot.right,
  height: size.height - plot.top - plot.bottom,
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const round = (value: number): number => Math.round(value * 10) / 10;

const xOf = ({ from, to }: Axis, at: number): number =>
  round(plot.left + ((at - from) / (to - from)) * inner.width);
const yOf = ({ from, to }: Axis, at: number): number =>
  round(plot.top + (1 - (at - from) / (to - from)) * inner.height);

/** `digest` is that of the result: a test compares it with the page. */
export function svgOf(chart: Chart, digest: string): string {
  const names = chart.lines.flatMap(({ strategies }) => strategies);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" ` +
      `width="${size.width}" height="${size.height}" role="img" aria-label="${escaped(chart.title)}">`,
    `<desc>${escaped(digest)}</desc>`,
    `<style>${style(names)}</style>`,
    ...axes(chart),
    ...chart.lines.map((line) => lineOf(chart, line)),
    ...labels(chart),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** A class for each colour. */
function style(names: readonly string[]): string {
  const colours = [...new Set(names.map((name) => lookOf(name).colour))].sort();
  const of = (scheme: 'light' | 'dark'): string =>
    [
      `text{fill:${colourOf('text', scheme)}}`,
      `.soft{fill:${colourOf('text-soft', scheme)}}`,
      `.grid{stroke:${colourOf('line', scheme)}}`,
      ...colours.map((name) => {
        const colour = colourOf(name, scheme);
        return `.${name}{stroke:${colour}}circle.${name}{fill:${colour}}`;
      }),
    ].join('');
  return (
    'svg{color-scheme:light dark;font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif}' +
    `path{fill:none;stroke-width:2;stroke-linejoin:round}.thin{stroke-width:1}${of('light')}` +
    `@media (prefers-color-scheme: dark){${of('dark')}}`
  );
}

function axes({ x, y }: Chart): string[] {
  const bottom = plot.top + inner.height;
  const right = plot.left + inner.width;
  return [
    ...x.ticks.flatMap(({ at, text }) => [
      `<path class="grid thin" d="M${xOf(x, at)} ${plot.top}V${bottom}"/>`,
      `<text class="soft" x="${xOf(x, at)}" y="${bottom + 16}" text-anchor="middle">${escaped(text)}</text>`,
    ]),
    ...y.ticks.flatMap(({ at, text }) => [
      `<path class="grid thin" d="M${plot.left} ${yOf(y, at)}H${right}"/>`,
      `<text class="soft" x="${plot.left - 6}" y="${yOf(y, at) + 4}" text-anchor="end">${escaped(text)}</text>`,
    ]),
    `<text class="soft" x="${plot.left + inner.width / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text class="soft" x="12" y="${plot.top + inner.height / 2}" text-anchor="middle" transform="rotate(-90 12 ${plot.top + inner.height / 2})">${escaped(y.label)}</text>`,
  ];
}

function lineOf({ x, y, xs, marks }: Chart, { strategies, ys, spread }: Line): string {
  const { colour, dash } = lookOf(strategies[0] ?? '');
  const points = ys.flatMap((value, at) =>
    value === null ? [] : [{ at: xOf(x, xs[at] ?? 0), value: yOf(y, value) }],
  );
  // In the middle of a straight line a point says nothing.
  const kept = points.filter(
    ({ value }, at) => value !== points[at - 1]?.value || value !== points[at + 1]?.value,
  );
  const way = kept.map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${at} ${value}`);
  const dashes = dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;
  const intervals = (spread ?? []).flatMap((range, at) =>
    range === null ? [] : [`M${xOf(x, xs[at] ?? 0)} ${yOf(y, range[0])}V${yOf(y, range[1])}`],
  );
  return [
    `<path class="${colour}"${dashes} d="${way.join('')}"/>`,
    ...(intervals.length === 0 ? [] : [`<path class="${colour} thin" d="${intervals.join('')}"/>`]),
    ...(marks
      ? points.map(({ at, value }) => `<circle class="${colour}" cx="${at}" cy="${value}" r="2"/>`)
      : []),
  ].join('\n');
}

function labels(chart: Chart): string[] {
  const places = placesOfLabels(chart, inner.height, 1);
  const edge = plot.left + inner.width;
  return chart.lines.flatMap(({ strategies, ys }, line) => {
    const place = places[line];
    const last = ys.findLast((value) => value !== null);
    if (place === undefined || last === undefined || last === null) return [];
    const middle = plot.top + place;
    const { colour } = lookOf(strategies[0] ?? '');
    const first = middle - (strategies.length - 1) * 10;
    return [
      `<path class="${colour} thin" stroke-dasharray="1 2" d="M${edge} ${yOf(chart.y, last)}L${edge + 14} ${round(middle)}"/>`,
      ...strategies.flatMap((strategy, at) => {
        const own = lookOf(strategy);
        const y = round(first + at * 20);
        const dashes = own.dash.length === 0 ? '' : ` stroke-dasharray="${own.dash.join(' ')}"`;
        return [
          `<path class="${own.colour}"${dashes} d="M${edge + 18} ${y}h20"/>`,
          `<text x="${edge + 44}" y="${y + 4}">${escaped(strategy)}</text>`,
        ];
      }),
    ];
  });
}
