// What a repeated Idempotency-Key returns after a restart that lost the answer: the result is
// derived from the record that was logged with the command.
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AnswerRecord } from '../../src/durable/records.ts';
import { decode, encode } from '../../src/journal/codec.ts';
import type { Service } from '../../src/server.ts';
import { call, fs, must } from '../http/start.ts';
import { durable, freshFolder, openStore } from './kept.ts';

let folder: string;
let service: Service;
beforeEach(async () => {
  folder = freshFolder();
  service = await durable(folder);
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * A restart that has lost the one answer; `became` is what the journal had before. Gives back what
 * is kept of keys and tokens.
 */
async function lose(became: AnswerRecord['became']): Promise<string> {
  await service.close();
  const store = await openStore(folder);
  const kept: unknown[] = [];
  for (const prefix of ['answer/', 'token/']) {
    for await (const [key, body] of store.records.entries(prefix)) {
      kept.push(decode(body));
      if (prefix !== 'answer/') continue;
      const lost = { ...(decode(body) as AnswerRecord), became, answer: null };
      await store.records.put([{ key, value: encode(lost) }]);
    }
  }
  await store.close();
  service = await durable(folder);
  return JSON.stringify(kept);
}

it('a command that ended at once is answered as it came out, also to who now asks for an operation', async () => {
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 1_048_576 },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: 8192 } });
  const truncate = (headers: Record<string, string>) =>
    call(service, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 4096 },
      headers: { 'idempotency-key': 'k', ...headers },
    });
  expect((await truncate({})).status).toBe(200);
  const [hosted] = [...service.engine.all()];
  if (hosted === undefined) throw new Error('no filesystem');
  await lose({ id: hosted.id, seq: hosted.kernel.seq });
  expect(await truncate({ prefer: 'respond-async' })).toMatchObject({
    status: 200,
    json: { sizeBytes: 4096 },
  });
});

it('a token is not issued again', async () => {
  const issue = () =>
    call(service, 'POST', '/v1/tenants/default/tokens', {
      json: {},
      headers: { 'idempotency-key': 'k' },
    });
  const { json } = await issue();
  const kept = await lose(null);
  expect(kept).toContain(json.id);
  expect(kept).not.toContain(json.token.slice(-43));
  expect((await issue()).json).toMatchObject({ status: 409, type: '/v1/problems/answer-not-kept' });
  expect((await must(service, 200, 'GET', '/v1/tenants/default/tokens')).json.items).toHaveLength(
    1,
  );
});
