// A strict reader of the Prometheus text format (0.0.4), with the checks of `promtool check
// metrics`.

export interface Family {
  name: string;
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const match = label.exec(text);
    if (match === null) throw new Error(`labels: ${line}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`label twice: ${line}`);
    labels[name] = value;
  }
  return labels;
}

function numberOf(text: string, line: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === 'Nan' || text === 'NaN') return Number.NaN;
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) throw new Error(`value: ${line}`);
  return Number(text);
}

/** Throws at the first line that is not of the format. */
export function parseExposition(text: string): Family[] {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let family: Family | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(name)) throw new Error(`family twice: ${name}`);
      family = { name, type: '', help: rest, samples: [] };
      families.set(name, family);
    } else if (kind === 'TYPE') {
      if (family?.name !== name || family.type !== '')
        throw new Error(`TYPE without its HELP: ${line}`);
      if (!['counter', 'gauge', 'histogram', 'summary'].includes(rest))
        throw new Error(`type: ${line}`);
      family.type = rest;
    } else {
      const [, sample = '', inner = '', value = ''] = sampleLine.exec(line) ?? [];
      if (sample === '') throw new Error(`not a line of the format: ${line}`);
      if (family === null || family.type === '')
        throw new Error(`sample before its family: ${line}`);
      const suffixes =
        family.type === 'histogram'
          ? ['_bucket', '_sum', '_count']
          : family.type === 'summary'
            ? ['', '_sum', '_count']
            : [''];
      if (!suffixes.some((suffix) => family?.name + suffix === sample))
        throw new Error(`sample of another family: ${line}`);
      const id = `${sample}{${inner}}`;
      if (seen.has(id)) throw new Error(`sample twice: ${line}`);
      seen.add(id);
      family.samples.push({
        name: sample,
        labels: labelsOf(inner, line),
        value: numberOf(value, line),
      });
    }
  }
  return [...families.values()];
}

/** What promtool would say, and a few rules of this house. Empty when all is well. */
export function lint({ name, type, help, samples }: Family): string[] {
  const complaints: string[] = [];
  const say = (text: string) => complaints.push(`${name}: ${text}`);
  if (help === '') say('no help text');
  if ((type === 'counter') !== name.endsWith('_total'))
    say('counters, and only they, end in _total');
  if (/_(bucket|count|sum|info)$/.test(name) && type !== 'gauge') say('reserved suffix');
  if (/_(bucket|count|sum)$/.test(name)) say('reserved suffix');
  if (/[A-Z]/.test(name)) say('camelCase');
  if (name.includes(':')) say('colons are for recording rules');
  if (new RegExp(`_(${['counter', 'gauge', 'histogram', 'summary'].join('|')})(_|$)`).test(name))
    say('type in the name');
  if (
    /_(ms|milliseconds|microseconds|minutes|hours|days|kilobytes|kib|mib|megabytes|percent|us|ns)(_|$)/.test(
      name,
    )
  )
    say('not a base unit');
  for (const { labels, value, name: sample } of samples) {
    if ('tenant' in labels || 'filesystem' in labels) say('a label without a bound');
    if (Number.isNaN(value)) say(`${sample} is not a number`);
    if (type === 'counter' && value < 0) say('a counter below 0');
    if ('le' in labels && !sample.endsWith('_bucket')) say('le outside of a bucket');
  }
  if (type === 'histogram') complaints.push(...lintHistogram(name, samples));
  return complaints;
}

function lintHistogram(name: string, samples: Family['samples']): string[] {
  const series = new Map<
    string,
    { buckets: [number, number][]; count: number | null; sum: number | null }
  >();
  for (const { name: sample, labels, value } of samples) {
    const { le, ...others } = labels;
    const key = JSON.stringify(others);
    const one = series.get(key) ?? { buckets: [], count: null, sum: null };
    series.set(key, one);
    if (sample.endsWith('_bucket')) one.buckets.push([numberOf(le ?? '', name), value]);
    else if (sample.endsWith('_count')) one.count = value;
    else one.sum = value;
  }
  return [...series].flatMap(([key, { buckets, count, sum }]) => {
    const ordered = buckets.every(
      ([le, n], i) =>
        i === 0 || (le > (buckets[i - 1]?.[0] ?? 0) && n >= (buckets[i - 1]?.[1] ?? 0)),
    );
    const last = buckets.at(-1);
    const good =
      ordered && last?.[0] === Number.POSITIVE_INFINITY && last[1] === count && sum !== null;
    return good ? [] : [`${name}${key}: buckets that do not add up`];
  });
}
