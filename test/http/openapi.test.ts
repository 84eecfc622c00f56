import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApi } from '../../src/http/openapi/document.ts';
import { problemTypes } from '../../src/http/problem-table.ts';
import { contracts } from '../../src/http/routes/index.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { views } from '../../src/kernel/views/index.ts';
import { must, type Service, start } from './start.ts';

const file = new URL('../../openapi/openapi.json', import.meta.url);
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into at every depth
const document = openApi(contracts) as any;
const operationIds = Object.values(document.paths).flatMap((item) =>
  Object.values(item as Record<string, { operationId: string }>).map(
    ({ operationId }) => operationId,
  ),
);

let service: Service;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

/** What stands where a response or a schema refers to. */
function resolved<T>(value: T): T {
  const { $ref } = value as { $ref?: string };
  const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(.*)$/.exec($ref ?? '') ?? [];
  return $ref === undefined ? value : document.components[kind][name];
}

describe('OpenAPI', () => {
  it('is the file that is committed; `npm run openapi` writes it', () => {
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('holds every operation, every view and every problem', () => {
    for (const name of operations.keys()) expect(operationIds).toContain(name);
    for (const name of views.keys()) expect(operationIds).toContain(`get-${name}`);
    const told = document.components.schemas.Problem.description as string;
    for (const type of problemTypes) expect(told).toContain(type);
  });

  it('holds every route that is registered, and no other', () => {
    const registered = service.app.knownRoutes
      // The page and the docs are for people.
      .filter(({ method, url }) => method !== 'HEAD' && !/^\/(ui|docs)/.test(url))
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    const told = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.sort()).toEqual(registered.sort());
  });

  it('has unique operation ids, and a summary, a description and an error for each', () => {
    expect(new Set(operationIds).size).toBe(operationIds.length);
    for (const item of Object.values(document.paths)) {
      for (const one of Object.values(
        item as Record<string, { summary: string; description: string; responses: object }>,
      )) {
        expect(one.summary).not.toBe('');
        expect(one.description).not.toBe('');
        expect(
          Object.keys(one.responses).some(
            (status) => status.startsWith('4') || status.startsWith('5'),
          ),
        ).toBe(true);
      }
    }
  });

  it('gives every errno of an operation its status', () => {
    for (const op of operations.values()) {
      const item = Object.values(document.paths)
        // biome-ignore lint/suspicious/noExplicitAny: as above
        .flatMap((path) => Object.values(path as any))
        // biome-ignore lint/suspicious/noExplicitAny: as above
        .find((one: any) => one.operationId === op.name) as any;
      const told = JSON.stringify(Object.values(item.responses).map(resolved));
      for (const errno of op.errors)
        expect(told).toContain(`#/components/examples/${errno.toLowerCase()}"`);
    }
  });

  it('tells each error once, whatever the number of routes that give it', () => {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const items = Object.values(document.paths).flatMap((path) => Object.values(path as any)) as {
      responses: object;
    }[];
    const told = items.flatMap(({ responses }) => Object.entries(responses));
    const errors = told
      .filter(([status]) => Number(status) >= 400)
      .map(([status, response]) => ({ status, response }));
    const inline = errors
      .filter(({ response }) => resolved(response) === response)
      .map(({ response }) => JSON.stringify(response));
    expect(new Set(inline).size).toBe(inline.length);
    for (const { status, response } of errors) {
      const { content } = resolved(response) as { content: Record<string, { examples: object }> };
      expect(Object.keys(content['application/problem+json']?.examples ?? {}), status).not.toEqual(
        [],
      );
    }
    const names = Object.keys(document.components.responses);
    for (const name of names)
      expect(JSON.stringify(told)).toContain(`"#/components/responses/${name}"`);
  });

  it('declares the trace as the object and the text that come', async () => {
    const { content } = document.paths['/v1/filesystems/{fs}/trace'].get.responses[200];
    expect(content['text/plain'].schema.type).toBe('string');
    const { type, required } = resolved(content['application/json'].schema);
    expect(type).toBe('object');
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 65_536 },
    });
    const { json } = await must(service, 200, 'GET', '/v1/filesystems/scratch/trace');
    expect(Object.keys(json).sort()).toEqual([...required].sort());
    await must(service, 200, 'DELETE', '/v1/filesystems/scratch');
  });

  it('is served', async () => {
    const answer = await must(service, 200, 'GET', '/openapi.json');
    expect(answer.json.openapi).toBe('3.1.0');
  });

  it('says nothing that its linter objects to', () => {
    execFileSync(
      'node_modules/.bin/redocly',
      ['lint', 'openapi/openapi.json', '--extends=recommended', '--format=stylish'],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          REDOCLY_TELEMETRY: 'off',
          REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
          CI: 'true',
        },
      },
    );
  }, 60_000);
});
