// A Prometheus with the shipped configuration finds the service, scrapes it and evaluates the
// rules; the alert fires and resolves.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseExposition } from '../metrics/exposition.ts';
import { type Running, startVolatile, stopped } from './server.ts';

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
  server = await startVolatile('--operator-token-file', tokenFile);
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
  panels: { title: string; targets: { expr: string }[] }[];
}

const boardNamed = (name: string): Board =>
  JSON.parse(readFileSync(`${deploy}/grafana/dashboards/${name}`, 'utf8')) as Board;

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
      .toEqual(['/metrics up', '/v1/tenants/default/filesystems/scratch/metrics up']);
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
    await server.call('POST', `${fs}/files`, { name: 'a', sizeBytes: 16_384 });
    await server.call('POST', `${fs}/files/a/mappings`, {
      offset: 0,
      length: 16_384,
      access: 'read-write',
    });
    const { id } = await server.call<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, {
      offset: 0,
      length: 4096,
      access: 'write',
    });
    const truncate = await server.call<{ id: string }>('POST', `${fs}/files/a/truncate`, {
      sizeBytes: 0,
    });
    await server.call('POST', `${fs}/clock/advance`, { ms: 120_000 });
    // One, though the server counts it, too.
    await expect.poll(state, { timeout: 30_000 }).toEqual(['firing default scratch']);
    await server.call('DELETE', `${fs}/pins/${id}`);
    await server.call('DELETE', `${fs}/mappings/map_1`);
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
    expect(config).toContain('url: http://pinhole:8080/v1/metrics/targets?filesystems=true');
  });

  it('gives the board of one filesystem every series that it shows', async () => {
    // What shows only when it happened: blocks that were busy, a wait that ended.
    await server.call('PUT', `${fs}/strategy`, { name: 'busy-extents' });
    await server.call('POST', `${fs}/files`, { name: 'b', sizeBytes: 4096 });
    await server.call('POST', `${fs}/files/b/allocate`, { offset: 0, length: 4096 });
    const { id: map } = await server.call<{ id: string }>('POST', `${fs}/files/b/mappings`, {
      offset: 0,
      length: 4096,
      access: 'read-write',
    });
    const { id } = await server.call<{ id: string }>('POST', `${fs}/mappings/${map}/pins`, {
      offset: 0,
      length: 4096,
      access: 'write',
    });
    await server.call('POST', `${fs}/files/b/truncate`, { sizeBytes: 0 });
    await server.call('DELETE', `${fs}/pins/${id}`);
    const selectors = boardNamed('filesystem.json').panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\w+\{[^}]*\}/g) ?? []),
    );
    expect(selectors.length).toBeGreaterThan(15);
    const unseen = async () => {
      const missing: string[] = [];
      for (const selector of new Set(selectors)) {
        const asked = selector.replace('$tenant', 'default').replace('$filesystem', 'scratch');
        const { result } = await ask<{ result: unknown[] }>(
          `/api/v1/query?query=${encodeURIComponent(asked)}`,
        );
        if (result.length === 0) missing.push(asked);
      }
      return missing;
    };
    await expect.poll(unseen, { timeout: 30_000, interval: 500 }).toEqual([]);
    for (const name of ['tenant', 'filesystem']) {
      expect(await ask<string[]>(`/api/v1/label/${name}/values`)).toContain(
        { tenant: 'default', filesystem: 'scratch' }[name],
      );
    }
  });
});

describe('promtool', () => {
  const run = (args: string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('has nothing to say of the metrics, in either form', async () => {
    for (const path of ['/metrics', '/v1/metrics', `${fs}/metrics`]) {
      const text = await (await fetch(`${server.base}${path}`)).text();
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
  it.each(names)(
    '%s: every expression parses and names only metrics that there are',
    async (name) => {
      const board = boardNamed(name);
      const text = await (await fetch(`${server.base}/metrics`)).text();
      const known = new Set([
        ...parseExposition(text).flatMap((family) => [
          family.name,
          ...['_bucket', '_sum', '_count'].map((end) => family.name + end),
        ]),
        'up',
      ]);
      const everywhere =
        readFileSync(`${deploy}/grafana/dashboards/${name}`, 'utf8').match(/\bpinhole_\w+/g) ?? [];
      expect(everywhere.filter((one) => !known.has(one))).toEqual([]);
      const expressions = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
      expect(expressions.length).toBeGreaterThan(10);
      for (const expression of expressions) {
        const asked = expression
          .replaceAll('$__rate_interval', '5m')
          .replaceAll('$tenant', 'default')
          .replaceAll('$filesystem', 'scratch');
        await ask(`/api/v1/query?query=${encodeURIComponent(asked)}`);
        const named =
          expression.match(/\b(?:pinhole|process|nodejs|up)(?:_\w+)?\b(?=[{[\s)]|$)/g) ?? [];
        expect(named.length, expression).toBeGreaterThan(0);
        expect(
          named.filter((one) => !known.has(one)),
          expression,
        ).toEqual([]);
      }
    },
  );

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
