// Every bad value in every field of every route gives a 4xx problem and changes nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonSchema } from '../../src/http/schema.ts';
import { fill, queryOf, type RegistryRoute, request, routes } from './registry.ts';
import { type Answer, call, must, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
let before = '';

const look = async () => {
  const paths = [
    '',
    '/files',
    '/files/a',
    '/files/a/extents',
    '/mappings',
    '/pins',
    '/operations',
    '/busy-extents',
    '/strategy',
  ];
  const answers = await Promise.all(
    paths.map((path) => call(service, 'GET', `/v1/filesystems/scratch${path}`)),
  );
  // A command that is refused has events, so the cursor of a list may move.
  return JSON.stringify(answers.map(({ json }) => ({ ...json, cursor: '' })));
};

beforeAll(async () => {
  service = await start();
  await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
});
beforeEach(async () => {
  before = await look();
});
afterAll(() => service.close());

/** Raw JSON that no field of the type takes. */
const bad: Record<string, string[]> = {
  integer: [
    '-1',
    '1.5',
    '"1"',
    '"x"',
    'true',
    'null',
    '[]',
    '{}',
    '1e400',
    '-1e400',
    '9007199254740992',
    '-0',
    '1e308',
  ],
  boolean: ['"yes"', '1', 'null', '[]', '{}'],
  string: ['1', 'null', '[]', '{}', 'true', '""', `"${'x'.repeat(5000)}"`],
  enum: ['"nonsense"', '1', 'null', '[]', '""', '"__proto__"', '"constructor"'],
  object: ['1', 'null', '[]', '"x"', '{"nonsense":1}'],
};
const badQuery: Record<string, string[]> = {
  integer: [
    '-1',
    '1.5',
    'x',
    '',
    '1e3',
    '9007199254740992',
    '99999999999999999999',
    '%00',
    '0x10',
    'NaN',
    '-0',
  ],
  boolean: ['yes', '2', 'null'],
  string: ['x'.repeat(5000)],
  enum: ['nonsense', ''],
  object: ['x'],
};

function kindOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return 'enum';
  const branches = schema.anyOf as JsonSchema[] | undefined;
  return branches === undefined ? String(schema.type) : kindOf(branches[0] ?? {});
}

const fieldsOf = (route: RegistryRoute) =>
  Object.entries((route.schema.properties ?? {}) as Record<string, JsonSchema>);

function expectRefused(answer: Answer, what: string): void {
  if (
    answer.status >= 400 &&
    answer.status < 500 &&
    answer.headers['content-type']?.includes('application/problem+json')
  ) {
    if (
      typeof answer.json.type === 'string' &&
      answer.json.status === answer.status &&
      !/\n\s+at |\/src\//.test(answer.text)
    )
      return;
  }
  throw new Error(`${what}: ${answer.status} ${answer.text}`);
}

const rawJson = (route: RegistryRoute, field: string, raw: string): string => {
  const others = Object.entries(route.example).filter(([name]) => name !== field);
  return `{${[...others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`), `${JSON.stringify(field)}:${raw}`].join(',')}}`;
};

const send = (route: RegistryRoute, body: string) =>
  call(service, route.method, fill(route.url), {
    bytes: body,
    headers: { 'content-type': 'application/json' },
  });

describe.each(routes)('$name', (route) => {
  it('refuses bad values in every field', async () => {
    for (const [field, schema] of fieldsOf(route)) {
      const kind = kindOf(schema);
      if (route.input === 'json') {
        // A seed is 32 bits, of which -0 has the same as 0.
        for (const raw of (bad[kind] ?? []).filter((one) => field !== 'seed' || one !== '-0'))
          expectRefused(await send(route, rawJson(route, field, raw)), `${field}=${raw}`);
      } else {
        // A page size is brought down, however large.
        for (const value of (badQuery[kind] ?? []).filter(
          (one) => field !== 'pageSize' || !/^9\d+$/.test(one),
        )) {
          const query = `${field}=${value}`;
          const answer = await call(
            service,
            route.method,
            `${fill(route.url)}?${query}`,
            route.input === 'bytes' ? { bytes: 'x' } : {},
          );
          expectRefused(answer, query);
          expectRefused(
            await call(
              service,
              route.method,
              `${fill(route.url)}?${field}=1&${field}=2`,
              route.input === 'bytes' ? { bytes: 'x' } : {},
            ),
            `${field} twice`,
          );
        }
      }
    }
    expect(await look()).toBe(before);
  });

  it('refuses a missing field, an unknown one, and what is no object', async () => {
    for (const field of (route.schema.required as string[] | undefined) ?? []) {
      if (route.input !== 'json') continue;
      const { [field]: _, ...rest } = route.example;
      expectRefused(await send(route, JSON.stringify(rest)), `without ${field}`);
    }
    const open = route.schema.additionalProperties !== false;
    const unknown = await call(
      service,
      route.method,
      `${fill(route.url)}?nonsense=1`,
      route.input === 'json'
        ? { json: route.example }
        : route.input === 'bytes'
          ? { bytes: 'x' }
          : {},
    );
    expectRefused(unknown, 'an unknown query parameter');
    expect(unknown.text).toContain('nonsense');
    expectRefused(
      await call(
        service,
        route.method,
        `${fill(route.url)}?__proto__=1`,
        route.input === 'json'
          ? { json: route.example }
          : route.input === 'bytes'
            ? { bytes: 'x' }
            : {},
      ),
      '__proto__ in the query',
    );
    if (route.method !== 'GET') {
      const bodies = [
        'null',
        '[]',
        '1',
        '"x"',
        '{',
        '',
        '{"a":1,}',
        '['.repeat(200_000),
        '{"__proto__":{"x":1}}',
        '{"constructor":{"prototype":{}}}',
        `{"nonsense":${'['.repeat(31)}${']'.repeat(31)}}`,
      ];
      for (const body of bodies) {
        // Nothing at all is an empty object, which is enough where no field is required.
        if (body === '' && route.input !== 'bytes') continue;
        if (body.startsWith('{"nonsense"') && open) continue;
        expectRefused(await send(route, body), body.slice(0, 40));
      }
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/xml',
        ';;;',
      ]) {
        const answer = await call(service, route.method, fill(route.url), {
          bytes: 'x=1',
          headers: { 'content-type': type },
        });
        if (answer.status !== 415) throw new Error(`${type}: ${answer.status} ${answer.text}`);
      }
    }
    expect(await look()).toBe(before);
  });

  it('answers names that nothing can have with 404', async () => {
    for (const id of [
      'map_0',
      'map_01',
      'map_-1',
      'map_1.0',
      'map_',
      'pin_9007199254740993',
      'op_x',
      '__proto__',
      'constructor',
      '%2e%2e%2fa',
      'A',
      '%00',
      'x'.repeat(200),
    ]) {
      for (const name of ['fs', 'file', 'mapping', 'pin', 'operation']) {
        if (!route.url.includes(`:${name}`)) continue;
        const { url, options } = request(route, route.example, fill(route.url, { [name]: id }));
        const answer = await call(service, route.method, url, options);
        if (answer.status !== 404) throw new Error(`${url}: ${answer.status} ${answer.text}`);
      }
    }
    expect(await look()).toBe(before);
  });
});

describe('large but well-formed numbers', () => {
  it.each(
    routes.filter(
      ({ input, schema }) =>
        input !== 'bytes' &&
        fieldsOf({ schema } as RegistryRoute).some(([, one]) => kindOf(one) === 'integer'),
    ),
  )('$name never fails with 5xx', async (route) => {
    await must(service, 200, 'GET', '/v1/filesystems/scratch');
    for (const [field, schema] of fieldsOf(route)) {
      if (kindOf(schema) !== 'integer') continue;
      for (const value of [2 ** 53 - 1, 2 ** 53 - 4096, 2 ** 43, 2 ** 31, 2 ** 32, 4095]) {
        const args = { ...route.example, [field]: value, nowait: true };
        const sleeps =
          route.name !== 'view' &&
          /^(truncate|punch|allocate|zero|collapse|insert|fault|pin|read|load)/.test(route.name);
        if (!sleeps) delete (args as Record<string, unknown>).nowait;
        const url =
          route.input === 'json' ? fill(route.url) : `${fill(route.url)}?${queryOf(args)}`;
        const answer = await call(
          service,
          route.method,
          url,
          route.input === 'json' ? { json: args } : {},
        );
        if (answer.status >= 500 && answer.status !== 507)
          throw new Error(`${field}=${value}: ${answer.status} ${answer.text}`);
      }
    }
  });
});
