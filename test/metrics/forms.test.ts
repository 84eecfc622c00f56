// OpenMetrics with exemplars, and the service discovery for Prometheus.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fs, must, type Service, sleepingWorld, start, waiting } from '../http/start.ts';
import { parseExposition } from './exposition.ts';

let service: Service;
beforeEach(async () => {
  service = await start({}, { processMetrics: true });
});
afterEach(() => service.close());

const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
const open = async (url: string) =>
  (await must(service, 200, 'GET', url, { headers: { accept } })).text;
const waits = (text: string) =>
  text
    .split('\n')
    .filter(
      (line) => line.startsWith('pinhole_wait_duration_seconds_bucket') && line.includes('#'),
    );

describe('OpenMetrics', () => {
  it('carries the operation that waited as an exemplar, for its tenant with the filesystem', async () => {
    const path = await sleepingWorld(service, { mkfs: waiting });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const operation = path.split('/').at(-1);
    const [line, ...more] = waits(await open('/metrics'));
    expect(more).toEqual([]);
    expect(line).toMatch(
      new RegExp(`# \\{operation="${operation}"\\} 0\\.\\d+ \\d{10}(\\.\\d+)?$`),
    );
    expect(waits(await open('/v1/metrics'))[0]).toContain(
      `# {operation="${operation}",filesystem="scratch"}`,
    );
    expect(await open('/metrics')).not.toContain('scratch');
  });

  it('ends as it must, names counters as it must, and leaves the text format as it is', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    const before = (await must(service, 200, 'GET', '/metrics')).text;
    const { text, headers } = await must(service, 200, 'GET', '/metrics', { headers: { accept } });
    expect(headers['content-type']).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(text).toContain('# TYPE pinhole_pins_acquired counter\npinhole_pins_acquired_total{');
    expect(text).toContain('# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total ');
    expect(text).not.toContain('_total_total');
    const after = (await must(service, 200, 'GET', '/metrics')).text;
    const names = (exposition: string) => parseExposition(exposition).map(({ name }) => name);
    expect(names(after)).toEqual(names(before));
    expect(after).not.toContain('# {');
  });
});

describe('Accept', () => {
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
    'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  it.each([
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/*', 'text/plain'],
    ['application/*', 'application/openmetrics-text'],
    ['application/openmetrics-text', 'application/openmetrics-text'],
    ['Application/OpenMetrics-Text; Charset=UTF-8', 'application/openmetrics-text'],
    ['application/openmetrics-text;q=0, text/plain', 'text/plain'],
    ['application/openmetrics-text;q=0, */*', 'text/plain'],
    ['text/plain;q=0, */*', 'application/openmetrics-text'],
    ['application/openmetrics-text;q=0.5, text/plain', 'text/plain'],
    ['text/plain;q=0.5, application/openmetrics-text', 'application/openmetrics-text'],
    ['text/plain, application/openmetrics-text', 'text/plain'],
    ['application/openmetrics-text, text/plain', 'application/openmetrics-text'],
    ['application/openmetrics-text;version=9.0.0, text/plain;q=0.1', 'text/plain'],
    ['application/json', 'text/plain'],
    [prometheus3, 'application/openmetrics-text'],
  ])('%s: %s', async (asked, type) => {
    const headers = asked === undefined ? {} : { accept: asked };
    const answer = await must(service, 200, 'GET', '/metrics', { headers });
    expect(String(answer.headers['content-type']).split(';')[0]).toBe(type);
  });
});

describe('service discovery', () => {
  const host = { host: 'localhost:1234' };
  const found = async (token?: string) =>
    (
      await must(service, 200, 'GET', '/v1/metrics/targets', {
        headers: host,
        ...(token === undefined ? {} : { token }),
      })
    ).json;

  it('sends the operator to the server and a tenant to its own', async () => {
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
    const { token } = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['read'] } })
    ).json;
    const group = (path: string) => [
      { targets: ['localhost:1234'], labels: { __metrics_path__: path, service: 'pinhole' } },
    ];
    expect(await found()).toEqual(group('/metrics'));
    expect(await found(token)).toEqual(group('/v1/metrics'));
    await must(service, 401, 'GET', '/v1/metrics/targets', { token: 'ph_x' });
  });

  it('of filesystems: of its own for a tenant, of all for the operator, who may scrape them by the name of the tenant', async () => {
    await service.close();
    const operator = 'o'.repeat(40);
    const operatorTokenFile = join(mkdtempSync(join(tmpdir(), 'pinhole-')), 'operator');
    writeFileSync(operatorTokenFile, operator, { mode: 0o600 });
    service = await start({ host: '0.0.0.0', operatorTokenFile });
    const tokens: Record<string, string> = {};
    for (const name of ['team-a', 'team-b']) {
      await must(service, 201, 'POST', '/v1/tenants', { token: operator, json: { name } });
      const made = await must(service, 201, 'POST', `/v1/tenants/${name}/tokens`, {
        token: operator,
        json: {},
      });
      tokens[name] = made.json.token;
      await sleepingWorld(service, {
        mkfs: { ...waiting, clock: 'manual' },
        token: made.json.token,
      });
    }
    const labels = async (token = '') =>
      (await must(service, 200, 'GET', '/v1/metrics/targets?filesystems=true', { token })).json.map(
        (group: { labels: object }) => group.labels,
      );
    const scratch = { service: 'pinhole', filesystem: 'scratch' };
    const ofTenant = (tenant: string) => `/v1/tenants/${tenant}/filesystems/scratch/metrics`;
    expect(await labels(operator)).toEqual([
      { service: 'pinhole', __metrics_path__: '/metrics' },
      { ...scratch, __metrics_path__: ofTenant('team-a'), tenant: 'team-a' },
      { ...scratch, __metrics_path__: ofTenant('team-b'), tenant: 'team-b' },
    ]);
    expect(await labels(tokens['team-a'])).toEqual([
      { service: 'pinhole', __metrics_path__: '/v1/metrics' },
      { ...scratch, __metrics_path__: `${fs}/metrics` },
    ]);
    const { text } = await must(service, 200, 'GET', ofTenant('team-b'), { token: operator });
    expect(text).toContain('\npinhole_sleepers 1\n');
    expect(text).toBe(
      (await must(service, 200, 'GET', `${fs}/metrics`, { token: tokens['team-b'] ?? '' })).text,
    );
    // Nobody else, not even for what is its own; and what is not there is not there.
    const withQuotas = '/v1/metrics/targets?tenants=true&filesystems=true';
    const parts = async (token = '') =>
      (await must(service, 200, 'GET', withQuotas, { token })).json.map(
        ({ labels: { __metrics_path__, part } }: { labels: Record<string, string> }) =>
          `${__metrics_path__} ${part ?? ''}`.trim(),
      );
    expect(await parts(operator)).toEqual([
      '/metrics',
      '/v1/metrics/tenants tenants',
      ofTenant('team-a'),
      ofTenant('team-b'),
    ]);
    expect(await parts(tokens['team-a'])).toEqual(['/v1/metrics', `${fs}/metrics`]);
    await must(service, 401, 'GET', ofTenant('team-a'));
    for (const tenant of ['team-a', 'team-b', 'nobody']) {
      await must(service, 403, 'GET', ofTenant(tenant), { token: tokens['team-a'] ?? '' });
    }
    for (const path of [ofTenant('nobody'), '/v1/tenants/team-a/filesystems/nothing/metrics']) {
      expect((await must(service, 404, 'GET', path, { token: operator })).json.errno).toBe(
        'ENOENT',
      );
    }
  });

  it('are at most so many, those with trouble first', async () => {
    await service.close();
    service = await start({ metricsTargetsMax: 2 });
    const names = async () =>
      (await must(service, 200, 'GET', '/v1/metrics/targets?filesystems=true')).json.flatMap(
        ({ labels }: { labels: { filesystem?: string } }) => labels.filesystem ?? [],
      );
    for (const name of ['first', 'second', 'third']) {
      await must(service, 201, 'POST', '/v1/filesystems', { json: { name, sizeBytes: 1_048_576 } });
    }
    expect(await names()).toEqual(['first', 'second']);
    await sleepingWorld(service, { mkfs: waiting });
    expect(await names()).toEqual(['scratch', 'first']);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect(await names()).toEqual(['first', 'second']);
  });
});

describe('one filesystem', () => {
  const value = async (name: string, labels = '') => {
    const { text } = await must(service, 200, 'GET', `${fs}/metrics`);
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name}${labels} `))
        ?.split(' ')[1],
    );
  };

  it('counts from the first scrape on, and knows the pins that it found', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'other', sizeBytes: 1_048_576 },
    });
    expect(await value('pinhole_filesystems')).toBe(1);
    expect(await value('pinhole_sleepers')).toBe(1);
    expect(await value('pinhole_pins', '{kind="direct-io"}')).toBe(1);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect(await value('pinhole_pins', '{kind="direct-io"}')).toBe(0);
    expect(await value('pinhole_pins_released_total', '{kind="direct-io"}')).toBe(1);
    expect(await value('pinhole_operations_total', '{operation="punch-hole",outcome="done"}')).toBe(
      1,
    );
    await must(service, 404, 'GET', '/v1/filesystems/nothing/metrics');
  });
});

describe('series', () => {
  it('are bounded: what clients choose is in no label', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    const series = async () =>
      (await must(service, 200, 'GET', '/metrics')).text
        .split('\n')
        .filter((line) => line.startsWith('pinhole_')).length;
    const round = async (name: string) => {
      await must(service, 201, 'POST', `${fs}/files`, {
        json: { name },
        headers: { 'pinhole-owner': name },
      });
      await must(service, 404, 'GET', `${fs}/files/${name}x`);
    };
    await round('first');
    // The scrape is a request itself.
    await series();
    const before = await series();
    for (let i = 0; i < 50; i += 1) await round(`name-${i}`);
    expect(await series()).toBe(before);
    expect(before).toBeLessThan(1000);
  });

  it('are so many before anything happened: in a filesystem, and in the server for each strategy', async () => {
    const series = async (url: string) =>
      (await must(service, 200, 'GET', url)).text
        .split('\n')
        .filter((line) => line.startsWith('pinhole_') && !line.startsWith('pinhole_http_')).length;
    const mkfs = (name: string, strategy: string) =>
      must(service, 201, 'POST', '/v1/filesystems', {
        json: { name, sizeBytes: 1_048_576, strategy: { name: strategy } },
      });
    const fresh = await series('/metrics');
    expect(fresh).toBeLessThan(750);
    await mkfs('scratch', 'break-layouts');
    expect(await series('/metrics')).toBe(fresh);
    expect(await series(`${fs}/metrics`)).toBeLessThan(650);
    // 19 operations can sleep, and a distribution has 16 series.
    await mkfs('other', 'detach-and-wait');
    expect(await series('/metrics')).toBe(fresh + 19 * 16);
    expect(await series(`${fs}/metrics`)).toBeLessThan(650);
  });
});
