import { readFileSync } from 'node:fs';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labEventTypes } from '../../src/durable/lab-events.ts';
import { asyncApi } from '../../src/http/openapi/asyncapi.ts';
import { contracts } from '../../src/http/routes/index.ts';
import { closings } from '../../src/http/stream/messages.ts';
import { eventTable } from '../../src/kernel/events.ts';
import { fs, must, type Service, sleepingWorld, start, waiting } from './start.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is looked into at every depth
const document = asyncApi(contracts) as any;
let service: Service;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

describe('AsyncAPI', () => {
  it('equals the committed file, which `npm run openapi` writes', () => {
    const file = new URL('../../openapi/asyncapi.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('is a valid AsyncAPI 3 document', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false });
    const validate = ajv.compile(specs.schemas['3.0.0'] as object);
    const valid = (it: unknown) => validate(JSON.parse(JSON.stringify(it)));
    expect(valid(document), ajv.errorsText(validate.errors)).toBe(true);
    expect(valid({ ...document, chanels: {} })).toBe(false);
    expect(Object.keys(document.channels)).toHaveLength(2);
  });

  it('refers to nothing that it does not have', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, path = ''] of references) {
      const found = path.split('/').reduce((at, key) => at?.[key], document);
      expect(found, path).toBeTypeOf('object');
    }
  });

  it('says of every message and every property what it is', () => {
    const silent: string[] = [];
    const visit = (value: typeof document, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, property] of Object.entries<typeof document>(value.properties ?? {}))
        if (typeof property.description !== 'string') silent.push(`${path}.${name}`);
      for (const [key, one] of Object.entries(value)) visit(one, `${path}/${key}`);
    };
    visit(document, '');
    for (const [name, { payload }] of Object.entries<typeof document>(document.components.messages))
      if (typeof payload.description !== 'string') silent.push(name);
    expect(silent).toEqual([]);
    const { StrategyChanged } = document.components.schemas;
    expect(StrategyChanged.properties.data.properties.from.description).toContain('strategy');
  });

  it('contains every event and every close code', () => {
    const types = Object.values(document.components.schemas).map(
      (schema) => (schema as typeof document).properties.type.const,
    );
    const all = [...Object.keys(eventTable), ...labEventTypes];
    expect(types).toEqual(all.map((type) => `pinhole.${type}`));
    for (const { code } of Object.values(closings))
      expect(document.info.description).toContain(`- ${code}: `);
  });

  it('describes the messages of a real stream', async () => {
    await sleepingWorld(service, { mkfs: waiting });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const { text } = await must(service, 200, 'GET', `${fs}/events`, {
      headers: { accept: 'application/x-ndjson' },
    });
    const { schemas, messages } = document.components;
    const resolved = structuredClone(messages);
    const items = resolved.event.payload.properties.events.items;
    items.oneOf = items.oneOf.map(
      ({ $ref }: { $ref: string }) => schemas[$ref.split('/').at(-1) ?? ''],
    );
    const schemaOf = (type: string) => z.fromJSONSchema(resolved[type].payload);
    const seen = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    for (const message of seen)
      expect(schemaOf(message.type).safeParse(message).error).toBeUndefined();
    expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(['ack', 'event', 'bookmark']));
    expect(
      schemaOf('bookmark').safeParse({ type: 'bookmark', id: 'query', cursor: 7 }).success,
    ).toBe(false);
    const [example] = messages.event.examples;
    expect(schemaOf('event').safeParse(example.payload).error).toBeUndefined();
    const burnt = {
      ...example.payload,
      events: [{ ...example.payload.events[0], type: 'pinhole.page.burnt' }],
    };
    expect(schemaOf('event').safeParse(burnt).success).toBe(false);
  });

  it('is served', async () => {
    expect((await must(service, 200, 'GET', '/asyncapi.json')).json.asyncapi).toBe('3.0.0');
  });
});
