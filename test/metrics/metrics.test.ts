// The scrape: its format, its names, and that each metric changes with the event that it counts.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  call,
  fs,
  must,
  pinnedWorld,
  type Service,
  sleepingWorld,
  start,
  waiting,
} from '../http/start.ts';
import { listen, open } from '../http/stream-reader.ts';
import { durable, freshFolder } from '../journal/kept.ts';
import { type Family, lint, parseExposition } from './exposition.ts';

let service: Service;
beforeEach(async () => {
  service = await start({}, { processMetrics: true });
});
afterEach(() => service.close());

async function scrape(url = '/metrics', token?: string): Promise<Family[]> {
  const { text, headers } = await must(
    service,
    200,
    'GET',
    url,
    token === undefined ? {} : { token },
  );
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(text);
}

/** The sum of the samples with these labels; of a histogram, how many were observed. */
function sumOf(
  families: readonly Family[],
  name: string,
  labels: Record<string, string> = {},
): number {
  const family = families.find((one) => one.name === name);
  if (family === undefined) throw new Error(`no metric ${name}`);
  const wanted = family.type === 'histogram' ? `${name}_count` : name;
  const fits = family.samples.filter(
    (one) =>
      one.name === wanted &&
      Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  );
  return fits.reduce((sum, { value }) => sum + value, 0);
}

/** How much each of these moved while `what` happened. */
async function moved(
  what: () => Promise<unknown>,
  ...wanted: [name: string, labels?: Record<string, string>][]
): Promise<number[]> {
  const before = await scrape();
  await what();
  const after = await scrape();
  const valueIn = (families: Family[], [name, labels]: [string, Record<string, string>?]) =>
    sumOf(families, name, labels);
  return wanted.map((one) => valueIn(after, one) - valueIn(before, one));
}

describe('the exposition', () => {
  it('is of the format, and has nothing that promtool would speak of', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    await call(service, 'GET', '/nowhere"\\\n');
    const families = await scrape();
    expect(families.flatMap(lint)).toEqual([]);
    for (const { name } of families) expect(name).toMatch(/^(pinhole|process|nodejs)_/);
    expect(
      families.filter(
        ({ name }) => name.startsWith('process_') || name.startsWith('nodejs_eventloop'),
      ).length,
    ).toBeGreaterThan(8);
    expect(sumOf(families, 'pinhole_build_info')).toBe(1);
  });

  it('knows no tenant, and a tenant sees its own numbers and nothing of the server', async () => {
    await pinnedWorld(service);
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
    const { token } = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['read'] } })
    ).json;
    const [all, own, other] = [
      await scrape(),
      await scrape('/v1/metrics'),
      await scrape('/v1/metrics', token),
    ];
    for (const name of [
      'pinhole_filesystems',
      'pinhole_pins',
      'pinhole_pins_acquired_total',
      'pinhole_faults_total',
    ]) {
      expect(sumOf(own, name)).toBeGreaterThan(0);
      expect(sumOf(all, name)).toBe(sumOf(own, name));
      expect(sumOf(other, name)).toBe(0);
    }
    expect([own, other].flat().flatMap(lint)).toEqual([]);
    expect(other.filter(({ name }) => /http|stream|engine|process|nodejs/.test(name))).toEqual([]);
    await must(service, 401, 'GET', '/v1/metrics', { token: 'ph_x' });
  });
});

describe('the numbers', () => {
  it('of pins, faults and refusals', async () => {
    await pinnedWorld(service);
    const pin = (json: object) =>
      call(service, 'POST', `${fs}/mappings/map_1/pins`, {
        json: { offset: 32_768, length: 8192, access: 'write', ...json },
      });
    expect(
      await moved(
        async () => {
          await pin({ kind: 'rdma', longterm: false });
          await pin({ longterm: true });
          await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
        },
        ['pinhole_pins'],
        ['pinhole_pins', { kind: 'rdma' }],
        ['pinhole_pins', { kind: 'direct-io' }],
        ['pinhole_pins_acquired_total', { kind: 'rdma' }],
        ['pinhole_pins_released_total', { kind: 'direct-io' }],
        ['pinhole_pin_hold_duration_seconds', { kind: 'direct-io' }],
        ['pinhole_pin_refusals_total', { errno: 'EOPNOTSUPP' }],
        ['pinhole_pinned_pages'],
        ['pinhole_faults_total', { access: 'write' }],
      ),
    ).toEqual([0, 1, -1, 1, 1, 1, 1, -2, 2]);
    const [live] = await moved(
      () => must(service, 200, 'DELETE', `${fs}?force=true`),
      ['pinhole_pins'],
    );
    expect(live).toBe(-1);
  });

  it('of a pin that is held, of scans in vain and of refusals by rule', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sumOf(await scrape(), 'pinhole_pin_oldest_age_seconds')).toBeGreaterThan(0.015);
    const again = () =>
      must(service, 409, 'POST', `${fs}/files/a/punch-hole`, {
        json: { offset: 0, length: 4096, nowait: true },
      });
    const refused = [
      'pinhole_operation_refusals_total',
      { operation: 'punch-hole', errno: 'EAGAIN', rule: 'SL2' },
    ] as const;
    expect(await moved(again, [...refused])).toEqual([1]);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect(sumOf(await scrape(), 'pinhole_pin_oldest_age_seconds')).toBe(0);
    expect(sumOf(await scrape(), 'pinhole_layout_busy_scans_total')).toBe(1);
  });

  it('of a wait: who sleeps, for how long, and how it ended', async () => {
    const asleep = await moved(
      () => sleepingWorld(service, { mkfs: waiting }),
      ['pinhole_sleepers'],
      ['pinhole_operations_running'],
      ['pinhole_wait_duration_seconds'],
    );
    expect(asleep).toEqual([1, 1, 0]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sumOf(await scrape(), 'pinhole_wait_oldest_age_seconds')).toBeGreaterThan(0.02);
    const woken = await moved(
      () => must(service, 200, 'DELETE', `${fs}/pins/pin_1`),
      ['pinhole_sleepers'],
      [
        'pinhole_wait_duration_seconds',
        { operation: 'punch-hole', strategy: 'break-layouts', outcome: 'done' },
      ],
      ['pinhole_operations_total', { operation: 'punch-hole', outcome: 'done' }],
      ['pinhole_wakeups_total', { result: 'useful' }],
      ['pinhole_wakeups_total', { result: 'spurious' }],
      ['pinhole_blocks_freed_total', { from: 'inode' }],
    );
    expect(woken).toEqual([-1, 1, 1, 1, 0, 1]);
    expect(sumOf(await scrape(), 'pinhole_wait_oldest_age_seconds')).toBe(0);
    // Counters survive what they counted.
    expect(
      await moved(
        () => must(service, 200, 'DELETE', `${fs}?force=true`),
        ['pinhole_wakeups_total'],
      ),
    ).toEqual([0]);
  });

  it('of waits, sleeps and distributions, which begin at 0 before the first of each kind', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576, strategy: { name: 'detach-and-wait' } },
    });
    for (const url of ['/metrics', '/v1/metrics', `${fs}/metrics`]) {
      const values = new Map(
        (await scrape(url)).flatMap(({ samples }) =>
          samples.map(({ name, labels, value }) => [`${name} ${Object.values(labels)}`, value]),
        ),
      );
      const wait = 'pinhole_wait_duration_seconds';
      for (const sample of [
        `${wait}_count truncate,detach-and-wait,done`,
        `${wait}_bucket 0.001,pin,detach-and-wait,done`,
        'pinhole_waits_total punch-hole,done',
        'pinhole_waits_total exchange-range,cancelled',
        'pinhole_operations_total read,failed',
        'pinhole_sleeps_total page,S',
        'pinhole_sleeps_total entry,D',
        'pinhole_pin_hold_duration_seconds_count rdma',
        'pinhole_busy_wait_seconds_count detached',
        'pinhole_faults_total write,SIGBUS',
        'pinhole_warnings_total fs/dax.c dax_disassociate_entry',
        'pinhole_deadlocks_total ',
        'pinhole_strategy_changes_total none',
      ])
        expect([sample, values.get(sample)]).toEqual([sample, 0]);
      expect(values.get('pinhole_strategy_filesystems detach-and-wait')).toBe(1);
      expect(values.get(`${wait}_count truncate,none,done`)).toBeUndefined();
    }
  });

  it('of a sleep: what it is on, and how it ends, from 0 while the operation sleeps', async () => {
    const counts = await moved(
      () => sleepingWorld(service, { mkfs: waiting }),
      ['pinhole_sleeps_total', { on: 'page', state: 'S' }],
      ['pinhole_sleeps_total'],
    );
    expect(counts).toEqual([1, 1]);
    const cancelled = (families: Family[]) =>
      families
        .find(({ name }) => name === 'pinhole_wait_duration_seconds')
        ?.samples.find(
          ({ name, labels: { operation, outcome } }) =>
            name.endsWith('_count') && operation === 'punch-hole' && outcome === 'cancelled',
        )?.value;
    expect(cancelled(await scrape())).toBe(0);
    const { items } = (await must(service, 200, 'GET', `${fs}/operations?state=sleeping`)).json;
    const [ended] = await moved(
      () => must(service, 200, 'POST', `${fs}/operations/${items[0].id}/cancel`),
      ['pinhole_waits_total', { operation: 'punch-hole', outcome: 'cancelled' }],
    );
    expect(ended).toBe(1);
    expect(cancelled(await scrape())).toBe(1);
  });

  it('of the strategies in force and of their changes', async () => {
    await pinnedWorld(service);
    const change = (name: string) => () =>
      must(service, 200, 'PUT', `${fs}/strategy`, { json: { name } });
    expect(
      await moved(
        change('refuse'),
        ['pinhole_strategy_filesystems', { strategy: 'break-layouts' }],
        ['pinhole_strategy_filesystems', { strategy: 'refuse' }],
        ['pinhole_strategy_changes_total', { strategy: 'refuse' }],
        ['pinhole_strategy_changes_total'],
      ),
    ).toEqual([-1, 1, 1, 1]);
  });

  it('of quotas: a tenant sees its own, the operator those of all, and the public scrape none', async () => {
    await pinnedWorld(service);
    await must(service, 201, 'POST', '/v1/tenants', {
      json: { name: 'team-a', quotas: { files: 7 } },
    });
    const limits = { quota: 'files' };
    const own = await scrape('/v1/metrics');
    expect(sumOf(own, 'pinhole_quota_used', { quota: 'pins' })).toBe(1);
    expect(sumOf(own, 'pinhole_quota_used', { quota: 'bytes' })).toBe(8 * 1024 * 1024);
    expect(sumOf(own, 'pinhole_quota_limit', limits)).toBe(1_000_000);
    const all = await scrape('/v1/metrics/tenants');
    // The label tenant is bounded by --metrics-targets-max, so it may be there.
    const rest = all.map(({ samples, ...family }) => ({
      ...family,
      samples: samples.map(({ labels: { tenant: _, ...labels }, ...sample }) => ({
        ...sample,
        labels,
      })),
    }));
    expect(rest.flatMap(lint)).toEqual([]);
    expect(all.map(({ name }) => name)).toEqual(['pinhole_quota_used', 'pinhole_quota_limit']);
    expect(sumOf(all, 'pinhole_quota_limit', { tenant: 'team-a', ...limits })).toBe(7);
    expect(sumOf(all, 'pinhole_quota_used', { tenant: 'default', quota: 'pins' })).toBe(1);
    for (const url of ['/metrics', `${fs}/metrics`])
      expect(sumOf(await scrape(url), 'pinhole_quota_used')).toBe(0);
    const { token } = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['read'] } })
    ).json;
    await must(service, 403, 'GET', '/v1/metrics/tenants', { token });
  });

  it('of quotas: of at most so many tenants, those that use the most of one first', async () => {
    await service.close();
    service = await start({ metricsTargetsMax: 2 });
    for (const name of ['team-a', 'team-b', 'team-c'])
      await must(service, 201, 'POST', '/v1/tenants', {
        json: { name, quotas: { filesystems: 2 } },
      });
    const { token } = (await must(service, 201, 'POST', '/v1/tenants/team-c/tokens', { json: {} }))
      .json;
    await must(service, 201, 'POST', '/v1/filesystems', {
      token,
      json: { name: 'scratch', sizeBytes: 1_048_576 },
    });
    const [{ samples } = { samples: [] }] = await scrape('/v1/metrics/tenants');
    expect([...new Set(samples.map(({ labels }) => labels.tenant))]).toEqual(['team-c', 'default']);
  });

  it('of blocks that are busy under a pin', async () => {
    await pinnedWorld(service, { mkfs: { strategy: { name: 'busy-extents' } } });
    const punch = () =>
      must(service, 200, 'POST', `${fs}/files/a/punch-hole`, { json: { offset: 0, length: 8192 } });
    const names: [string][] = [
      ['pinhole_busy_extents'],
      ['pinhole_busy_blocks'],
      ['pinhole_busy_bytes'],
      ['pinhole_delayed_free_pages'],
    ];
    expect(await moved(punch, ...names)).toEqual([1, 2, 8192, 2]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const families = await scrape();
    expect(sumOf(families, 'pinhole_busy_oldest_age_seconds')).toBeGreaterThan(0.02);
    expect(sumOf(families, 'pinhole_space_bytes', { state: 'busy' })).toBe(8192);
    expect(sumOf(families, 'pinhole_space_bytes')).toBe(8 * 1024 * 1024);
    const unpin = () => must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect(await moved(unpin, ...names, ['pinhole_busy_wait_seconds', { list: 'busy' }])).toEqual([
      -1, -2, -8192, -2, 1,
    ]);
    expect(sumOf(await scrape(), 'pinhole_busy_oldest_age_seconds')).toBe(0);
  });

  it('of the bug that started it all', async () => {
    await pinnedWorld(service, { mkfs: { strategy: { name: 'none' } } });
    const punch = () =>
      must(service, 200, 'POST', `${fs}/files/a/punch-hole`, { json: { offset: 0, length: 4096 } });
    expect((await moved(punch, ['pinhole_warnings_total']))[0]).toBeGreaterThan(0);
  });

  it('of HTTP: the template of the route, never its URL', async () => {
    const name = 'pinhole_http_request_duration_seconds';
    const counts = await moved(
      async () => {
        await pinnedWorld(service);
        await must(service, 404, 'GET', `${fs}/files/secret`);
        await must(service, 404, 'GET', '/secret');
        await must(service, 200, 'GET', `${fs}/files/a`);
      },
      [name, { route: '/v1/filesystems/{fs}/files/{file}', method: 'GET', status: '404' }],
      [name, { route: '/v1/filesystems/{fs}/files/{file}', method: 'GET', status: '200' }],
      [name, { route: '/v1/filesystems', method: 'POST', status: '201' }],
      [name, { route: 'unmatched', status: '404' }],
    );
    expect(counts).toEqual([1, 1, 1, 1]);
    expect((await must(service, 200, 'GET', '/metrics')).text).not.toContain('secret');
  });

  it('of the streams and of the engine', async () => {
    const base = await listen(service);
    const reader = await open(base, '/v1/events?from=now');
    await reader.frame('ack');
    const counts = await moved(
      async () => {
        await must(service, 201, 'POST', '/v1/filesystems', {
          json: { name: 'scratch', sizeBytes: 1_048_576 },
        });
        await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
        await reader.saw('pinhole.file.created');
      },
      ['pinhole_stream_events_sent_total'],
      ['pinhole_stream_clients'],
      ['pinhole_engine_batch_commands'],
      ['pinhole_filesystems'],
      ['pinhole_files'],
    );
    expect(counts).toEqual([2, 0, 1, 1, 1]);
    const gone = async () => {
      await reader.close();
      await expect.poll(async () => sumOf(await scrape(), 'pinhole_stream_clients')).toBe(0);
    };
    expect(await moved(gone, ['pinhole_stream_disconnects_total', { reason: 'client' }])).toEqual([
      1,
    ]);
  });
});

describe('the journal', () => {
  it('counts flushes, the commits in each, and their bytes', async () => {
    await service.close();
    service = await durable(freshFolder());
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 8_388_608 },
    });
    const write = async () => {
      await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
      await must(service, 200, 'PUT', `${fs}/files/a/content`, {
        bytes: Buffer.alloc(65_536, 'a'),
      });
    };
    const [flushes = 0, commits = 0, bytes = 0, seconds = 0] = await moved(
      write,
      ['pinhole_journal_flush_duration_seconds'],
      ['pinhole_journal_flush_commits'],
      ['pinhole_journal_flushed_bytes_total'],
      ['pinhole_engine_append_duration_seconds'],
    );
    expect(flushes).toBeGreaterThanOrEqual(2);
    expect(commits).toBe(flushes);
    expect(bytes).toBeGreaterThan(65_536);
    expect(seconds).toBe(2);
    const families = await scrape();
    const { samples = [] } =
      families.find(({ name }) => name === 'pinhole_journal_flush_commits') ?? {};
    const together = samples.find(({ name }) => name.endsWith('_sum'))?.value ?? 0;
    expect(together).toBeGreaterThanOrEqual(sumOf(families, 'pinhole_journal_flush_commits'));
    expect(sumOf(families, 'pinhole_journal_full')).toBe(0);
    expect(families.flatMap(lint)).toEqual([]);
  });
});

describe('many filesystems', () => {
  it('are counted; what a scrape of them costs is measured by `npm run load -- --scenario scrape`', async () => {
    await service.close();
    const many = 1000;
    service = await start({ quotaFilesystems: many, ringEventsMax: 16, tenantRingEventsMax: 16 });
    const mkfs = (name: string) =>
      call(service, 'POST', '/v1/filesystems', { json: { name, sizeBytes: 65_536 } });
    for (let i = 0; i < many; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, n) => mkfs(`fs-${i + n}`)));
    expect((await must(service, 200, 'GET', '/metrics')).text).toContain(
      `pinhole_filesystems ${many}\n`,
    );
  });
});
