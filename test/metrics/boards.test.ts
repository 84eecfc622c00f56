// The dashboards: all series on one axis of a panel have the same unit, and the axis names it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../deploy/grafana/dashboards');

interface Panel {
  title: string;
  fieldConfig: { defaults: { unit: string } };
  targets: { expr: string }[];
}

/** By the names of metrics, which end in their unit. */
function unitOf(expr: string): string {
  const name = /\b(?:pinhole|process|nodejs)_\w+/.exec(expr)?.[0] ?? '';
  const perSecond = expr.includes('rate(');
  if (expr.includes('histogram_quantile')) return name.endsWith('_seconds_bucket') ? 's' : 'short';
  // A mean, and seconds of a processor a second.
  if (/_sum.*\/.*_count/.test(expr) || name === 'process_cpu_seconds_total') return 'short';
  if (perSecond) return name.endsWith('_bytes_total') ? 'Bps' : 'ops';
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_bytes') ? 'bytes' : 'short';
}

describe.each(readdirSync(folder))('%s', (name) => {
  const { panels } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { panels: Panel[] };

  it.each(panels)('$title', ({ fieldConfig, targets }) => {
    const unit = fieldConfig.defaults.unit.replace('reqps', 'ops');
    expect(targets.map(({ expr }) => unitOf(expr))).toEqual(targets.map(() => unit));
  });
});
