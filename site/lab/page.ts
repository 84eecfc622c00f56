// docs/lab.md, and docs/lab-meaning.md out of meaning.txt.
import { presets } from '../../src/lab/presets/index.ts';
import { headlines } from '../../web/lab/figures.ts';
import { figureIn, type LabData, type PresetData } from './presets-data.ts';

/** The command that makes the pages, their charts and their data. */
export const command = 'npm run lab-page';

const paragraphs = (...parts: readonly string[]): string =>
  `${parts.filter((part) => part !== '').join('\n\n')}\n`;

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const tableOf = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

export const labPage = (data: LabData): string =>
  `${paragraphs(
    '# The presets under every strategy',
    `<!-- Generated: ${command}. -->`,
    'Each preset of [the lab](lab-command.md) was run under every strategy, with break-layouts once for each of its idle rules: `classic` is Linux ' +
      `until 6.14, \`modern\` since 6.15, \`fixed\` a repair of it. Each run is repeated with ${data.seeds} seeds. [What the numbers mean](lab-meaning.md) ` +
      'says what they say about each proposal of [the argument](argument.md), and what they do not say.',
    'A cell is the median of the seeds. Below it is the interval in which that median lies with 95 %, if the seeds differ. ' +
      '[The lab](lab-command.md#run-one) explains the columns. A column in which every strategy has 0 is left out. Times are simulated.',
    `Version ${data.lab} of the lab, version ${data.kernel} of the kernel. \`pinhole lab run PRESET --seeds ${data.seeds}\` with the same ` +
      `strategies gives the digest that stands below each table. A test runs some seeds again; \`${command}\` makes these pages anew.`,
    '## Hold times',
    'The same small workload with longer and longer pins: three device threads pin up to 4 pages of one file, one thread punches holes, two read. ' +
      'The 99th percentile of the punch, against the mean time for which a pin is held, in milliseconds.',
    '![The 99th percentile of punch-hole against the mean hold time, a line for each strategy](pictures/lab-hold-times.svg)',
    details(
      'The same as a table',
      tableOf(
        data.sweep.columns,
        data.sweep.rows.map((row) => row.map(escaped)),
      ),
    ),
    `\`${data.sweep.digest}\``,
    ...data.presets.flatMap(section),
  ).trimEnd()}\n`;

/** Markdown inside of HTML needs the empty lines. */
const details = (summary: string, text: string): string =>
  `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;

function section(preset: PresetData): string[] {
  const { name, digest, notes, charts } = preset;
  const { title = '', source = '', text = '' } = presets.get(name) ?? {};
  const about = /^about: >-\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? '';
  return [
    `## ${name}`,
    `**${title}.** ${about.replace(/\s+/g, ' ').trim()}`,
    `Source: ${source.replace(/\s+/g, ' ').trim()}`,
    presetTable(preset),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
    ...(charts.includes('latency')
      ? [`![How long layout changes took in ${name}](pictures/lab-${name}-latency.svg)`]
      : []),
    ...(charts.includes('space')
      ? [`![Space held back over time in ${name}](pictures/lab-${name}-space.svg)`]
      : []),
    `\`${digest}\``,
  ];
}

/** A number stays with its unit, and an interval on its line. */
const unbroken = (text: string): string =>
  text.replaceAll(' ', '\u00a0').replaceAll('–', '\u2060–\u2060');

function presetTable({ rows }: PresetData): string {
  const shown = headlines.flatMap(({ title }, at) =>
    rows.some(({ cells }) => cells[at] !== undefined && !/^[0-]$/.test(cells[at][0]))
      ? [{ title, at }]
      : [],
  );
  const left = headlines.filter(({ title }) => !shown.some((one) => one.title === title));
  const table = tableOf(
    ['strategy', ...shown.map(({ title }) => title)],
    rows.map(({ strategy, cells, notes, refused }) => [
      [strategy, ...notes].join('<br>'),
      ...shown.map(({ at }) => {
        const [text = '', spread = ''] = cells[at] ?? [];
        if (refused !== undefined) return '-';
        return [text, spread]
          .filter((part) => part !== '')
          .map(unbroken)
          .join('<br>');
      }),
    ]),
  );
  const refused = rows.flatMap(({ strategy, refused: why }) =>
    why === undefined ? [] : [`${strategy}: ${why}`],
  );
  const zero =
    left.length === 0
      ? ''
      : `0 under every strategy: ${left.map(({ title }) => title).join(', ')}.`;
  return [table, ...refused, zero].filter((part) => part !== '').join('\n\n');
}

/** `{{preset/strategy/column}}` becomes the figure of the table. */
export const meaningPage = (template: string, data: LabData): string =>
  template
    .replaceAll('{{seeds}}', String(data.seeds))
    .replace(/\{\{([^}/]+)\/([^}/]+)\/([^}/]+)\}\}/g, (_, preset, strategy, title) =>
      figureIn(data, { preset, strategy, title }),
    );
