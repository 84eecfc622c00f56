// The query of every route accepts exactly the documented parameters.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, fs, must, pinnedWorld, type Service, start } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start();
  await pinnedWorld(service);
});
afterAll(() => service.close());

describe('a parameter that a route does not have', () => {
  it.each([
    ['POST', '/v1/filesystems', { name: 'other', sizeBytes: 65_536 }],
    ['POST', '/v1/tickets', { stream: '/v1/events' }],
    ['POST', '/v1/tenants', { name: 'team-a' }],
    ['GET', '/v1', undefined],
    ['GET', '/v1/problems', undefined],
    ['GET', '/v1/problems/enoent', undefined],
    ['GET', '/v1/metrics', undefined],
    ['GET', '/v1/metrics/tenants', undefined],
    ['GET', '/v1/metrics/targets', undefined],
    ['GET', `${fs}/metrics`, undefined],
    ['GET', `/v1/tenants/default/filesystems/scratch/metrics`, undefined],
  ])('%s %s', async (method, url, json) => {
    const options = json === undefined ? {} : { json };
    for (const name of ['nonsense', '__proto__', 'constructor']) {
      const refused = await call(service, method, `${url}?${name}=1`, options);
      const problem = {
        type: '/v1/problems/unknown-field',
        status: 400,
        errno: 'EINVAL',
        fields: [{ field: name }],
      };
      expect(refused.json, name).toMatchObject(problem);
    }
    await must(service, method === 'GET' ? 200 : 201, method, url, options);
  });

  it.each(['/livez', '/readyz', '/metrics', '/openapi.json', '/asyncapi.json'])(
    'GET %s has none either',
    async (url) => {
      const refused = await must(service, 400, 'GET', `${url}?nonsense=1`);
      expect(refused.json).toMatchObject({ rule: 'H1', fields: [{ field: 'nonsense' }] });
      await must(service, 400, 'HEAD', `${url}?nonsense=1`);
      await must(service, 200, 'GET', url);
    },
  );
});
