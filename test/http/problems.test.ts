import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf } from '../../src/http/problem.ts';
import { problemTable, problemTypes } from '../../src/http/problem-table.ts';
import { errnoTable } from '../../src/kernel/errno.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { call, fs, must, type Service, start } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start();
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 1_048_576 },
  });
});
afterAll(() => service.close());

describe('problem types', () => {
  it.each(problemTypes)('%s can be read', async (type) => {
    const answer = await must(service, 200, 'GET', `/v1/problems/${type}`);
    expect(answer.json).toMatchObject({
      type: `/v1/problems/${type}`,
      status: problemTable[type].status,
    });
  });

  it('cover every errno', async () => {
    const { json } = await must(service, 200, 'GET', '/v1/problems');
    const types = json.items.map(({ type }: { type: string }) => type);
    for (const errno of Object.keys(errnoTable))
      expect(types).toContain(`/v1/problems/${errno.toLowerCase()}`);
  });

  const ofTheServer = problemTypes.filter((type) => !Object.hasOwn(errnoTable, type.toUpperCase()));
  it.each(ofTheServer)('%s carries an errno and a rule', (type) => {
    const { errno, rule } = problemOf(type, '');
    expect(Object.keys(errnoTable)).toContain(errno);
    expect(rule).toMatch(/^[A-Z]{1,2}\d+$/);
  });

  it.each([
    ['ENOENT', 404],
    ['EEXIST', 409],
    ['EBUSY', 409],
    ['EAGAIN', 409],
    ['EDEADLK', 409],
    ['EINTR', 409],
    ['EINVAL', 400],
    ['EFBIG', 400],
    ['EOPNOTSUPP', 422],
    ['EFAULT', 422],
    ['SIGBUS', 422],
    ['EACCES', 403],
    ['ENOSPC', 507],
    ['EDQUOT', 507],
    ['EIO', 422],
    ['ESTALE', 412],
  ] as const)('%s is a %i, as the interface promises', (errno, status) => {
    expect(problemTable[errno.toLowerCase() as Lowercase<typeof errno>].status).toBe(status);
  });

  it('never blame the server for what the simulated world does', () => {
    for (const op of operations.values()) {
      for (const errno of op.errors)
        expect([500, 502, 503, 504]).not.toContain(
          problemTable[errno.toLowerCase() as 'enoent'].status,
        );
    }
  });
});

describe('the router', () => {
  it.each(['/v2', '/v1/filesystem', `${fs}/nonsense`, '/favicon.ico'])(
    '%s is a 404',
    async (url) => {
      const answer = await call(service, 'GET', url);
      expect(answer.status).toBe(404);
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(answer.json).toMatchObject({
        type: '/v1/problems/no-such-route',
        title: 'No such route',
        status: 404,
        instance: url,
      });
    },
  );

  it.each([
    ['DELETE', '/v1'],
    ['PUT', '/v1/filesystems'],
    ['GET', `${fs}/files/a/truncate`],
    ['PATCH', fs],
    ['OPTIONS', fs],
  ])('%s %s is a 405 that names what goes', async (method, url) => {
    const answer = await call(service, method, url);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
    expect(answer.json.allow).toEqual(answer.headers.allow?.split(', '));
  });

  it.each(['/v1/filesystems/%', '/%ff%fe', '/v1/problems/%2'])(
    '%s is a bad request',
    async (url) => {
      const answer = await call(service, 'GET', url);
      expect(answer.status).toBe(400);
      expect(answer.json.type).toBe('/v1/problems/bad-request');
    },
  );

  it('answers HEAD like GET without a body', async () => {
    const answer = await call(service, 'HEAD', fs);
    expect(answer.status).toBe(200);
    expect(answer.headers.etag).toBeDefined();
    expect(answer.text).toBe('');
  });
});

describe('web pages', () => {
  it.each([
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost:8080', origin: 'http://evil.example' }, 403],
    [{ host: 'localhost:8080', origin: 'null' }, 403],
    [{ host: 'localhost:8080', origin: 'http://localhost:8080' }, 200],
    [{ host: '127.0.0.1' }, 200],
    [{ host: '[::1]:80' }, 200],
  ])('with %j get %i without a token', async (headers, status) => {
    const answer = await call(service, 'GET', '/v1', { headers });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.json.type).toBe('/v1/problems/forbidden-origin');
  });
});

describe('errors of our own', () => {
  it('show nothing of the inside', async () => {
    const odd = await start();
    const canary = 'canary-d41d8cd9';
    odd.engine.list = () => {
      throw new Error(canary);
    };
    const answer = await call(odd, 'GET', '/v1/filesystems');
    expect(answer.status).toBe(500);
    expect(answer.json.type).toBe('/v1/problems/internal');
    expect(answer.text).not.toContain(canary);
    await odd.close();
  });
});

describe('lists', () => {
  it('continue with pageToken and Link', async () => {
    for (const name of ['b', 'c', 'd', 'e'])
      await must(service, 201, 'POST', `${fs}/files`, { json: { name } });
    const seen: string[] = [];
    let url: string | undefined = `${fs}/files?pageSize=2`;
    while (url !== undefined) {
      const answer = await must(service, 200, 'GET', url);
      seen.push(...answer.json.items.map(({ name }: { name: string }) => name));
      expect(answer.headers.link === undefined).toBe(answer.json.nextPageToken === undefined);
      url = /^<(.*)>; rel="next"$/.exec(answer.headers.link ?? '')?.[1];
    }
    expect(seen).toEqual(['b', 'c', 'd', 'e']);
    expect((await call(service, 'GET', `${fs}/files?pageSize=100000`)).status).toBe(200);
    expect((await call(service, 'GET', `${fs}/files?pageSize=-1`)).status).toBe(400);
  });
});
