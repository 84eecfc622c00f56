// Well-formed but hostile requests get a 4xx answer, and the filesystem continues to work.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonType } from '../../src/http/contract.ts';
import { recorded } from '../../src/http/openapi/recorded-answers.ts';
import { contracts } from '../../src/http/routes/index.ts';
import { call, fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start({ waitDefaultMs: 20, stepsPerApplyMax: 100_000 });
});
afterEach(() => service.close());

const serves = async () => must(service, 201, 'POST', `${fs}/files`, { json: { name: 'after' } });

describe('a file as large as files can be', () => {
  const huge = 2 ** 43 - 4096;
  beforeEach(async () => {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576 },
    });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: huge } });
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { offset: 0, length: huge, access: 'read-write' },
    });
  });

  it.each([
    ['POST', 'mappings/map_1/faults', { offset: 0, length: huge, access: 'write' }],
    ['POST', 'mappings/map_1/pins', { offset: 0, length: huge, access: 'read' }],
    ['POST', 'files/a/zero-range', { offset: 0, length: huge }],
    ['POST', 'files/a/allocate', { offset: 0, length: huge }],
    ['POST', 'files/a/punch-hole', { offset: 0, length: huge }],
    ['POST', 'files/a/truncate', { sizeBytes: 1 }],
  ])('%s %s does not stop the filesystem', async (method, path, json) => {
    const answer = await call(service, method, `${fs}/${path}`, { json });
    expect(answer.status === 507 || answer.status < 500).toBe(true);
    await serves();
  });

  // Until a fault has a bound on its pages, as a pin has: it maps the zero page until stepsPerApply
  // stops the filesystem.
  it('POST mappings/map_1/faults to read does not stop the filesystem', async () => {
    const answer = await call(service, 'POST', `${fs}/mappings/map_1/faults`, {
      json: { offset: 0, length: huge, access: 'read' },
    });
    expect(answer.status).toBeLessThan(500);
  });

  it.each([
    'files/a/content',
    'mappings/map_1/memory',
    `mappings/map_1/memory?offset=0&length=${huge}`,
  ])('GET %s is refused', async (path) => {
    const answer = await call(service, 'GET', `${fs}/${path}`);
    expect([400, 422]).toContain(answer.status);
    await serves();
  });

  it.each(['files/a/extents', 'pages', 'mappings/map_1', 'free-extents'])(
    'GET %s answers',
    async (path) => {
      const answer = await must(service, 200, 'GET', `${fs}/${path}`);
      expect(answer.text.length).toBeLessThan(1_000_000);
    },
  );
});

describe('bytes of a call that slept', () => {
  // Until the kernel keeps the record of an ended read without its bytes.
  it('are not kept with its operation', async () => {
    await pinnedWorld(service, { mkfs: { ...waiting, strategy: { name: 'wait-for-refs' } } });
    const punch = await call(service, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 0, length: 4096 },
    });
    expect(punch.status).toBe(202);
    const read = await call(service, 'GET', `${fs}/files/a/content`);
    expect(read.status).toBe(202);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const ended = await must(service, 200, 'GET', read.headers.location ?? '');
    expect(ended.json.state).toBe('done');
    expect(ended.text.length).toBeLessThan(2000);
    await serves();
  });
});

describe('bodies of the routes that are no operations', () => {
  const withBody = contracts.filter(
    ({ body, command }) => body?.type === jsonType && command === undefined,
  );

  it.each(withBody)('$name refuses what it does not know', async ({ name, method, url }) => {
    const example = recorded[name]?.request;
    const at = url.replace(':tenant', 'default');
    const bodies: unknown[] = [
      [],
      1,
      'x',
      null,
      { nonsense: 1 },
      { ...(example as object), nonsense: 1 },
    ];
    for (const [field, value] of Object.entries(example as object)) {
      const wrong =
        typeof value === 'object'
          ? [1, 'x', { nonsense: 1 }]
          : [-1, 1.5, {}, [], null, true, '', 'A b', 'x'.repeat(5000)];
      bodies.push(...wrong.map((one) => ({ ...(example as object), [field]: one })));
    }
    for (const json of bodies) {
      const answer = await call(service, method, at, { json });
      expect(answer.status, JSON.stringify(json)).toBeGreaterThanOrEqual(400);
      expect(answer.status, JSON.stringify(json)).toBeLessThan(500);
      expect(answer.json.type).toMatch(/^\/v1\/problems\//);
    }
  });

  it('changed nothing', async () => {
    const { json } = await must(service, 200, 'GET', '/v1');
    expect(json.tenant.quotas.filesystems.used).toBe(0);
  });
});
