// A Prometheus with the shipped configuration finds the service, scrapes it and evaluates the rules
// and the dashboards; the alert fires and resolves.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Running, startPinhole, stopped } from './server.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const folder = mkdtempSync(join(tmpdir(), 'pinhole-prometheus-'));
let server: Running;
let prometheus: ChildProcess;
let api: string;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

async function ask<T>(path: string): Promise<T> {
  const answer = (await (await fetch(`${api}${path}`)).json()) as {
    status: string;
    error?: string;
    data: T;
  };
  if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
  return answer.data;
}

/**
 * As deployed, but for where the server and its token are, and the time that nobody would wait for
 * here.
 */
const shipped = (name: string): string =>
  readFileSync(join(deploy, 'prometheus', name), 'utf8')
    .replace(/\b(for|scrape_interval|evaluation_interval|refresh_interval): \d+[sm]\b/g, '$1: 1s')
    .replaceAll('/run/pinhole/operator-token', tokenFile)
    .replace('http://pinhole:8080', server.base);

const tokenFile = join(folder, 'operator-token');

beforeAll(async () => {
  const journal = ['--data-dir', join(folder, 'journal')];
  server = await startPinhole('--port', '0', ...journal, '--operator-token-file', tokenFile);
  for (const name of ['prometheus.yml', 'rules.yml'])
    writeFileSync(join(folder, name), shipped(name));
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  const flags = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  prometheus = spawn(
    'prometheus',
    [...flags, '--enable-feature=exemplar-storage', '--log.level=error'],
    { stdio: 'inherit' },
  );
  await vi.waitFor(async () => expect((await fetch(`${api}/-/ready`)).status).toBe(200), {
    timeout: 30_000,
    interval: 100,
  });
});
afterAll(async () => {
  await stopped(prometheus);
  await server.stop();
  rmSync(folder, { recursive: true });
});

const fs = '/v1/filesystems/scratch';

interface Board {
  uid: string;
  annotations: { list: { expr: string }[] };
  panels: { title: string; targets?: { expr: string }[] }[];
}

const boardNamed = (name: string): Board =>
  JSON.parse(readFileSync(`${deploy}/grafana/dashboards/${name}`, 'utf8')) as Board;

/** As Grafana asks, of the filesystem `scratch`. */
const filledIn = (expr: string): string =>
  expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$tenant', 'default')
    .replaceAll('$filesystem', 'scratch');

interface Series {
  metric: Record<string, string>;
  value: [number, string];
}

async function query(expr: string): Promise<Series[]> {
  const { result } = await ask<{ result: Series[] }>(
    `/api/v1/query?query=${encodeURIComponent(expr)}`,
  );
  return result;
}

/** Those that have no series. */
async function emptyOf(exprs: Iterable<string>): Promise<string[]> {
  const empty: string[] = [];
  for (const expr of new Set(exprs)) if ((await query(expr)).length === 0) empty.push(expr);
  return empty;
}

/** The metrics of an expression with their labels. Each must exist, even if the result is empty. */
const selectorsOf = (expr: string): string[] =>
  expr.match(/\b(?:pinhole|process|nodejs|up)(?:_\w+)?\b(?:\{[^}]*\})?/g) ?? [];

/** A file of four mapped pages, with its first page pinned. Returns the id of the pin. */
async function pinnedFile(file: string, owner = 'device'): Promise<string> {
  const at = `${fs}/files/${file}`;
  await server.call('POST', `${fs}/files`, { name: file });
  await server.call('POST', `${at}/allocate`, { offset: 0, length: 16_384 });
  const mapping = await server.call<{ id: string }>('POST', `${at}/mappings`, {
    offset: 0,
    length: 16_384,
    access: 'read-write',
  });
  const pin = { offset: 0, length: 4096, access: 'write', owner };
  return (await server.call<{ id: string }>('POST', `${fs}/mappings/${mapping.id}/pins`, pin)).id;
}

const unpin = (pin: string) => server.call('DELETE', `${fs}/pins/${pin}`);

/** A punch hole that sleeps on the pin. Returns its operation. */
async function sleepingPunch(file: string, more: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${server.base}${fs}/files/${file}/punch-hole`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async', ...more },
    body: JSON.stringify({ offset: 0, length: 4096 }),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

describe('Prometheus', () => {
  it('finds the server and each filesystem, and scrapes them', async () => {
    await server.call('POST', '/v1/filesystems', {
      name: 'scratch',
      sizeBytes: 8 * 1024 * 1024,
      clock: 'manual',
    });
    const up = async () => {
      const { activeTargets } = await ask<{
        activeTargets: { scrapeUrl: string; health: string; lastError: string }[];
      }>('/api/v1/targets');
      return activeTargets
        .map(({ scrapeUrl, health, lastError }) =>
          `${scrapeUrl.replace(server.base, '')} ${health} ${lastError}`.trim(),
        )
        .sort();
    };
    await expect
      .poll(up, { timeout: 30_000 })
      .toEqual([
        '/metrics up',
        '/v1/metrics/tenants up',
        '/v1/tenants/default/filesystems/scratch/metrics up',
      ]);
  });

  it('sees the first wait of each kind as an increase, in the filesystem and in the server', async () => {
    const kinds = ['done', 'cancelled'].flatMap((outcome) =>
      ['filesystem="scratch"', 'filesystem=""'].map(
        (where) => `{operation="punch-hole", outcome="${outcome}", ${where}}`,
      ),
    );
    const began = ['pinhole_sleeps_total{on="page", state="S", filesystem="scratch"}'];
    const waits = kinds.map((labels) => `pinhole_waits_total${labels}`);
    const lasted = kinds.map((labels) => `pinhole_wait_duration_seconds_count${labels}`);
    const increases = (metrics: string[]) => metrics.map((one) => `increase(${one}[5m]) > 0`);
    const series = (metrics: string[]) => emptyOf(metrics);
    const first = [...began, ...waits, ...lasted.slice(0, 2)];
    await expect.poll(() => series(first), { timeout: 30_000 }).toEqual([]);
    expect(await emptyOf(increases(first))).toEqual(increases(first));

    const pin = await pinnedFile('first');
    await sleepingPunch('first');
    await unpin(pin);
    const again = await pinnedFile('second');
    const operation = await sleepingPunch('second');
    // The distribution of waits that are cancelled begins at 0 while the operation sleeps.
    await expect.poll(() => series(lasted), { timeout: 30_000 }).toEqual([]);
    await server.call('POST', `${fs}/operations/${operation}/cancel`);
    await unpin(again);
    await expect
      .poll(() => emptyOf(increases([...first, ...lasted])), { timeout: 30_000 })
      .toEqual([]);
  });

  it('evaluates every rule, and "truncate waiting" fires while a pin is held and resolves when it is released', async () => {
    const { groups } = await ask<{ groups: { rules: { name: string; health: string }[] }[] }>(
      '/api/v1/rules',
    );
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    const state = async () => {
      const { alerts } = await ask<{ alerts: { state: string; labels: Record<string, string> }[] }>(
        '/api/v1/alerts',
      );
      const waiting = alerts.filter(({ labels }) => labels.alertname === 'PinholeTruncateWaiting');
      return waiting.map(
        (alert) => `${alert.state} ${alert.labels.tenant} ${alert.labels.filesystem}`,
      );
    };
    expect(await state()).toEqual([]);
    const pin = await pinnedFile('a');
    const truncate = await server.call<{ id: string }>('POST', `${fs}/files/a/truncate`, {
      sizeBytes: 0,
    });
    await server.call('POST', `${fs}/clock/advance`, { ms: 120_000 });
    // One, though the server counts it, too.
    await expect.poll(state, { timeout: 30_000 }).toEqual(['firing default scratch']);
    await unpin(pin);
    await expect.poll(state, { timeout: 30_000 }).toEqual([]);
    const evaluated = (
      await ask<{ groups: { rules: { health: string }[] }[] }>('/api/v1/rules')
    ).groups.flatMap((group) => group.rules.map(({ health }) => health));
    expect(new Set(evaluated)).toEqual(new Set(['ok']));
    const exemplars = await ask<{ exemplars: { labels: Record<string, string> }[] }[]>(
      `/api/v1/query_exemplars?query=pinhole_wait_duration_seconds_bucket&start=${Date.now() / 1000 - 300}&end=${Date.now() / 1000 + 300}`,
    );
    expect(
      exemplars.flatMap((one) => one.exemplars.map(({ labels }) => labels.operation)),
    ).toContain(truncate.id);
  });
});

describe('what runs in the compose file', () => {
  it('fits together: the token and the address that Prometheus has are those of the server', () => {
    const compose = readFileSync(join(deploy, 'compose.yaml'), 'utf8');
    const config = readFileSync(join(deploy, 'prometheus/prometheus.yml'), 'utf8');
    expect(readFileSync('Dockerfile', 'utf8')).toContain(
      'PINHOLE_OPERATOR_TOKEN_FILE=/data/operator-token',
    );
    expect(compose).toContain('["pinhole-data:/data"]');
    expect(compose).toContain('- pinhole-data:/run/pinhole:ro');
    expect(config.match(/credentials_file: (.*)/g)).toEqual(
      Array(2).fill('credentials_file: /run/pinhole/operator-token'),
    );
    expect(compose).toContain('127.0.0.1:8080:8080');
    expect(config).toContain(
      'url: http://pinhole:8080/v1/metrics/targets?tenants=true&filesystems=true',
    );
  });
});

describe('promtool', () => {
  const run = (args: string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('has nothing to say of the metrics, in either form', async () => {
    for (const path of ['/metrics', '/v1/metrics', '/v1/metrics/tenants', `${fs}/metrics`]) {
      const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
      const asked = path.endsWith('tenants') ? { headers } : {};
      const text = await (await fetch(`${server.base}${path}`, asked)).text();
      expect(run(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
    }
  });

  it('finds no fault with the rules and the configuration, and each alert fires as its test says', async () => {
    const { stdout } = await promisify(execFile)('promtool', [
      'check',
      'rules',
      `${deploy}/prometheus/rules.yml`,
    ]);
    expect(stdout).toContain('SUCCESS');
    const tested = run(['test', 'rules', `${deploy}/prometheus/rules.test.yml`]);
    expect(tested.said).toContain('SUCCESS');
    expect(tested.status).toBe(0);
    expect(
      run(['check', 'config', '--syntax-only', `${deploy}/prometheus/prometheus.yml`]).status,
    ).toBe(0);
    const alerts = readFileSync(`${deploy}/prometheus/rules.yml`, 'utf8').matchAll(/alert: (\w+)/g);
    const tests = readFileSync(`${deploy}/prometheus/rules.test.yml`, 'utf8');
    for (const [, name] of alerts)
      expect(tests).toMatch(new RegExp(`alertname: ${name}\\n\\s+exp_alerts:\\n`));
  });

  it('test of the rules notices a rule that does not fire', () => {
    const broken = readFileSync(`${deploy}/prometheus/rules.yml`, 'utf8').replace('> 60', '> 6000');
    writeFileSync(join(folder, 'broken.yml'), broken);
    const tests = readFileSync(`${deploy}/prometheus/rules.test.yml`, 'utf8').replace(
      'rules.yml',
      'broken.yml',
    );
    writeFileSync(join(folder, 'broken.test.yml'), tests);
    expect(run(['test', 'rules', join(folder, 'broken.test.yml')]).status).toBe(1);
  });
});

describe('the dashboards', () => {
  const names = readdirSync(`${deploy}/grafana/dashboards`);
  const panels = names.flatMap((name) =>
    boardNamed(name).panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  );
  const annotations = names.flatMap((name) =>
    boardNamed(name).annotations.list.map(({ expr }) => expr),
  );

  /** Makes everything happen that a board shows: also what is 0 or absent while all is well. */
  async function exercise(): Promise<void> {
    const pin = await pinnedFile('shown', 'nic');
    await sleepingPunch('shown');
    await unpin(pin);
    // The owner of the pin waits for its own pin: a deadlock.
    const own = await pinnedFile('own', 'nic');
    const stuck = await sleepingPunch('own', { 'pinhole-owner': 'nic' });
    await server.call('POST', `${fs}/operations/${stuck}/cancel`);
    const refused = async (path: string, body: object) =>
      expect(server.call('POST', `${fs}${path}`, body)).rejects.toThrow('errno');
    await refused('/files/own/punch-hole', { offset: 0, length: 4096, nowait: true });
    await refused('/mappings/map_1/pins', { offset: 1 << 30, length: 4096, access: 'write' });
    await server.call('PUT', `${fs}/strategy`, { name: 'busy-extents' });
    await server.call('POST', `${fs}/files/own/truncate`, { sizeBytes: 0 });
    await unpin(own);
    await server.call('PUT', `${fs}/strategy`, { name: 'none' });
    const warned = await pinnedFile('warned');
    await server.call('POST', `${fs}/files/warned/punch-hole`, { offset: 0, length: 4096 });
    await unpin(warned);
    const stream = new WebSocket(`${server.base.replace('http', 'ws')}/v1/events`);
    await once(stream, 'open');
    stream.close();
  }

  it('give a series for each expression of a panel and of an annotation', async () => {
    expect(panels.length).toBeGreaterThan(60);
    expect(annotations).toHaveLength(2 * names.length);
    const exprs = [...panels, ...annotations].map(filledIn);
    // Increases need a first value, so Prometheus has seen the series of all known labels before.
    const late = /^pinhole_(operation|pin)_refusals_total|^pinhole_http/;
    const selectors = exprs.flatMap(selectorsOf).filter((one) => !late.test(one));
    await expect.poll(() => emptyOf(selectors), { timeout: 30_000 }).toEqual([]);
    await exercise();
    // After several scrapes, because the first of a late series has an increase of its own.
    const seen = 'count_over_time(pinhole_pin_refusals_total{filesystem="scratch"}[1m]) > 2';
    await expect
      .poll(() => emptyOf([...exprs, seen]), { timeout: 30_000, interval: 500 })
      .toEqual([]);
    for (const name of ['tenant', 'filesystem']) {
      expect(await ask<string[]>(`/api/v1/label/${name}/values`)).toContain(
        { tenant: 'default', filesystem: 'scratch' }[name],
      );
    }
  });

  it('and the alerts name only metrics that there are', async () => {
    const rules = await ask<{ groups: { rules: { name: string; query: string }[] }[] }>(
      '/api/v1/rules',
    );
    const queries = rules.groups.flatMap((group) => group.rules.map(({ query }) => query));
    expect(queries.length).toBeGreaterThan(8);
    expect(await emptyOf(queries.flatMap(selectorsOf))).toEqual([]);
    const known = new Set(await ask<string[]>('/api/v1/label/__name__/values'));
    const texts = names.map((name) => readFileSync(`${deploy}/grafana/dashboards/${name}`, 'utf8'));
    const named = texts.flatMap((text) => text.match(/\bpinhole_\w+/g) ?? []);
    expect(named.filter((one) => !known.has(one))).toEqual([]);
  });

  it('are where alerts and other boards lead to', () => {
    const texts = names.map((name) => readFileSync(`${deploy}/grafana/dashboards/${name}`, 'utf8'));
    const boards = texts.map((text) => `/d/${(JSON.parse(text) as Board).uid}`);
    const rules = readFileSync(`${deploy}/prometheus/rules.yml`, 'utf8');
    expect(rules.match(/dashboard: /g)).toHaveLength(rules.match(/alert: /g)?.length ?? 0);
    const links = [rules, ...texts].flatMap((text) => text.match(/\/d\/pinhole[\w-]*/g) ?? []);
    expect(links.length).toBeGreaterThan(9);
    expect(links.filter((link) => !boards.includes(link))).toEqual([]);
  });

  it('lead to a runbook that has a chapter for each alert', () => {
    const rules = readFileSync(`${deploy}/prometheus/rules.yml`, 'utf8');
    const chapters = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (.+)$/gm)].map(
      ([, title = '']) => title.toLowerCase().replaceAll(' ', '-'),
    );
    for (const [, anchor] of rules.matchAll(/docs\/runbook\.md#(\S+)/g))
      expect(chapters).toContain(anchor);
  });
});
