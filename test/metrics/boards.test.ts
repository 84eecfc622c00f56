// The dashboards: what each panel says of itself, that all series on one axis have the same unit,
// and that each link leads to a view of the page or to another board.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';

const deploy = join(import.meta.dirname, '../../deploy');
const folder = join(deploy, 'grafana/dashboards');

interface Link {
  title: string;
  url: string;
}

interface Panel {
  id: number;
  title: string;
  type: string;
  description?: string;
  datasource: object;
  gridPos: { h: number; w: number; x: number; y: number };
  links?: Link[];
  fieldConfig: {
    defaults: { unit: string; links?: Link[]; thresholds?: { steps: { value: number | null }[] } };
  };
  targets: { expr: string; legendFormat: string }[];
}

interface Board {
  title: string;
  links: Partial<Link>[];
  templating: { list: { name: string; type: string }[] };
  annotations: { list: { name: string; expr: string }[] };
  panels: Panel[];
}

const boardNamed = (name: string): Board =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Board;
const names = readdirSync(folder);

/** By the names of metrics, which end in their unit. */
function unitOf(expr: string): string {
  const name = /\b(?:pinhole|process|nodejs)_\w+/.exec(expr)?.[0] ?? '';
  const perSecond = expr.includes('rate(');
  if (expr.includes('histogram_quantile')) return name.endsWith('_seconds_bucket') ? 's' : 'short';
  // A mean, and seconds of a processor a second.
  if (/_sum.*\/.*_count/.test(expr) || name === 'process_cpu_seconds_total') return 'short';
  if (/\/ \(?pinhole_\w+_limit/.test(expr)) return 'percentunit';
  if (perSecond) return name.endsWith('_bytes_total') ? 'Bps' : 'ops';
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_bytes') ? 'bytes' : 'short';
}

const overlap = (a: Panel['gridPos'], b: Panel['gridPos']): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe.each(names)('%s', (name) => {
  const board = boardNamed(name);
  const rows = board.panels.filter(({ type }) => type === 'row');
  const panels = board.panels.filter(({ type }) => type !== 'row');

  it('asks a question in each row, and answers it below', () => {
    expect(rows.length).toBeGreaterThan(3);
    for (const { title } of rows) expect(title).toMatch(/^[A-Z].*\?$/);
    expect(board.panels[0]?.type).toBe('row');
    for (const [i, { type }] of board.panels.entries())
      if (type === 'row') expect(board.panels[i + 1]?.type, `row ${i}`).not.toBe('row');
  });

  it('has variables for the source of its data and the address of the page, and marks events', () => {
    const variables = board.templating.list.map((one) => `${one.name} ${one.type}`);
    expect(variables).toContain('datasource datasource');
    expect(variables).toContain('pinhole textbox');
    const marks = board.annotations.list.map((one) => one.name);
    expect(marks).toEqual(['Deadlocks', 'Strategy changes']);
  });

  it('has panels that do not cover each other', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    for (const [i, { title, gridPos }] of board.panels.entries()) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      const covered = board.panels.slice(i + 1).filter((other) => overlap(gridPos, other.gridPos));
      expect(covered.map((other) => `${title} and ${other.title}`)).toEqual([]);
    }
  });

  it('has a threshold on what grows with a problem', () => {
    const bad = /oldest|lag_p99|stopped|deadlocks|_full|quota_used \/|busy_scans_total\{filesystem/;
    const stats = panels.filter(({ type }) => type === 'stat' || type === 'bargauge');
    for (const { title, targets, fieldConfig } of stats) {
      if (!targets.some(({ expr }) => bad.test(expr))) continue;
      expect(fieldConfig.defaults.thresholds?.steps.length, title).toBeGreaterThan(1);
    }
  });

  it.each(panels)('$title', ({ description, datasource, fieldConfig, targets }) => {
    expect(description).toMatch(/^[A-Z].{15,}\.$/);
    expect(JSON.stringify(datasource)).toMatch(/"prometheus","uid":"\$\{datasource\}"/);
    const unit = fieldConfig.defaults.unit.replace('reqps', 'ops').replace('locale', 'short');
    expect(targets.map(({ expr }) => unitOf(expr))).toEqual(targets.map(() => unit));
    const canBeEmpty = targets.every(({ expr }) => / > 0$/.test(expr) && !/^\w+\{/.test(expr));
    if (canBeEmpty) expect(description).toContain('Empty while');
  });
});

describe('the links of the dashboards and of the alerts', () => {
  let viewOf: (pathname: string) => string;
  beforeAll(async () => {
    // The module reads the address of its window, which Node does not have.
    vi.stubGlobal('window', { location: { href: 'http://pinhole/ui/' }, addEventListener() {} });
    const location = join(import.meta.dirname, '../../web/state/location.ts');
    const { placeOf } = (await import(location)) as {
      placeOf(pathname: string): { view: string; fs: string | null };
    };
    viewOf = (pathname) => {
      const { view, fs } = placeOf(pathname);
      return fs === null ? view : `${view} of ${fs}`;
    };
  });

  const filled = (url: string): string =>
    url
      .replace(/^\$\{pinhole\}/, '')
      .replace(/\$\{(filesystem|__field\.labels\.filesystem)\}/, 'scratch')
      .replace(/\{\{ with [^}]*\}\}(.*)\{\{ \. \}\}(.*)\{\{ else \}\}.*/, '$1scratch$2');

  it.each(names)('%s: lead to views of the page, and to boards', (name) => {
    const { links, panels } = boardNamed(name);
    const urls = [
      ...links,
      ...panels.flatMap((panel) => [
        ...(panel.links ?? []),
        ...(panel.fieldConfig?.defaults.links ?? []),
      ]),
    ].flatMap(({ url }) => url ?? []);
    const toBoards = urls.filter((url) => url.startsWith('/d/'));
    for (const url of toBoards) expect(url).toMatch(/^\/d\/pinhole-filesystem\?/);
    const toPage = urls.filter((url) => !url.startsWith('/d/'));
    for (const url of toPage) expect(url).toMatch(/^\$\{pinhole\}\/ui\//);
    const views = new Set(toPage.map((url) => viewOf(filled(url))));
    expect([...views].filter((view) => view.startsWith('unknown'))).toEqual([]);
    const wanted = {
      'overview.json': ['home', 'server', 'waits of scratch', 'graph of scratch'],
      'service.json': ['home', 'server'],
      'filesystem.json': ['machine', 'waits', 'graph', 'device', 'timeline', 'events'].map(
        (view) => `${view} of scratch`,
      ),
    }[name];
    expect([...views]).toEqual(expect.arrayContaining(wanted ?? ['a board that is new here']));
  });

  it('of an alert lead to the view that shows its cause', () => {
    const rules = readFileSync(join(deploy, 'prometheus/rules.yml'), 'utf8');
    const pages = [...rules.matchAll(/^ {10}page: '?(.*?)'?$/gm)].map(([, url = '']) => url);
    // A server that does not answer has no page to lead to.
    expect(pages).toHaveLength((rules.match(/alert: /g)?.length ?? 0) - 1);
    const views = new Set(pages.map((url) => viewOf(filled(url))));
    expect([...views].sort()).toEqual([
      'device of scratch',
      'graph of scratch',
      'server',
      'waits of scratch',
    ]);
  });

  it('are told apart from an address that is no view', () => {
    expect(viewOf('/ui/fs/scratch/pins')).toBe('unknown of scratch');
    expect(viewOf('/v1/filesystems')).toBe('unknown');
  });
});
