// [H32] Requests that a client sends ahead on one connection: each sees the effects of the one
// before it (RFC 9112 §9.3.2).
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answersIn, bytes, last, message, portOf, talk } from './sockets.ts';
import { fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
let port = 0;
beforeEach(async () => {
  service = await start({ pipelineMax: 8 });
  await pinnedWorld(service, { mkfs: waiting });
  port = await portOf(service);
});
afterEach(() => service.close());

const statuses = async (...messages: string[]) =>
  (await talk(port, messages.join(''))).map(({ status }) => status);
const files = `${fs}/files`;

describe('a request behind one that changes something', () => {
  it('sees a file that was made, and not one that was removed', async () => {
    const made = message('POST', files, {}, { name: 'x' });
    const look = message('GET', `${files}/x`);
    const remove = message('DELETE', `${files}/x`);
    expect(
      await statuses(made, look, remove, look, made, message('HEAD', `${files}/x`, last)),
    ).toEqual([201, 200, 200, 404, 201, 200]);
  });

  it('reads what was written', async () => {
    const put = message('PUT', `${files}/a/content?offset=0`, bytes, 'abc');
    const get = (more = {}) =>
      message('GET', `${files}/a/content`, { Range: 'bytes=0-2', ...more });
    const answers = await talk(port, put + get() + put.replace('abc', 'xyz') + get(last));
    expect(answers.map(({ status, body }) => (status === 206 ? body : status))).toEqual([
      200,
      'abc',
      200,
      'xyz',
    ]);
  });

  it('sees a new filesystem, tenant, strategy and pin', async () => {
    expect(
      await statuses(
        message('POST', '/v1/filesystems', {}, { name: 'other', sizeBytes: 1_048_576 }),
        message('GET', '/v1/filesystems/other'),
        message('DELETE', '/v1/filesystems/other'),
        message('GET', '/v1/filesystems/other'),
        message('DELETE', `${fs}/pins/pin_1`),
        message('GET', `${fs}/pins/pin_1`),
        message('POST', '/v1/tenants', {}, { name: 'team-a' }),
        message('GET', '/v1/tenants/team-a', last),
      ),
    ).toEqual([201, 200, 200, 404, 200, 404, 201, 200]);
  });

  it('waits for one that sleeps as long as that one waits', async () => {
    const punch = message(
      'POST',
      `${files}/a/punch-hole`,
      { Prefer: 'wait=1' },
      { offset: 0, length: 4096 },
    );
    const began = performance.now();
    const answers = await talk(port, punch + message('GET', `${fs}/operations`, last), 5000);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(answers.map(({ status }) => status)).toEqual([202, 200]);
    expect(answers[1]?.json.items).toHaveLength(1);
  });

  it('gets its body when it is served, however large', async () => {
    const content = 'z'.repeat(300_000);
    const answers = await talk(
      port,
      message('POST', `${files}/a/truncate`, {}, { sizeBytes: 400_000 }) +
        message('PUT', `${files}/a/content?offset=0`, bytes, content) +
        message('GET', `${files}/a/content?offset=299999&length=2`, last),
      5000,
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[2]?.body).toBe('z\0');
  });

  it('a change behind a read does not overtake it', async () => {
    const get = message('GET', `${files}/a/content`, { Range: 'bytes=0-2' });
    const answers = await talk(
      port,
      get + message('PUT', `${files}/a/content?offset=0`, { ...bytes, ...last }, 'abc'),
    );
    expect(answers.map(({ body }) => body)[0]).toBe('aaa');
  });

  it('an upgrade waits for its turn, too', async () => {
    const made = message('POST', '/v1/filesystems', {}, { name: 'other', sizeBytes: 1_048_576 });
    const upgrade = message('GET', '/v1/filesystems/other/events', {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16, 'k').toString('base64'),
    });
    expect(await statuses(made, upgrade)).toEqual([201, 101]);
    const h2c = message('GET', `${files}/y`, { Connection: 'Upgrade', Upgrade: 'h2c' });
    expect(
      await statuses(
        message('POST', files, {}, { name: 'y' }),
        h2c,
        message('GET', '/livez', last),
      ),
    ).toEqual([201, 200, 200]);
    expect(
      await statuses(
        message('DELETE', `${files}/y`),
        'CONNECT example.org:80 HTTP/1.1\r\nHost: x\r\n\r\n',
      ),
    ).toEqual([200, 405]);
  });
});

describe('what ends the connection', () => {
  it('answers those before, and none behind', async () => {
    const make = (name: string, more = {}) => message('POST', files, more, { name });
    expect(await statuses(make('x'), make('y', last), make('z'))).toEqual([201, 201]);
    await must(service, 404, 'GET', `${files}/z`);
    const answers = await talk(port, `${make('v')}nonsense\r\n\r\n`);
    expect(answers.map(({ status }) => status)).toEqual([201, 400]);
    expect(answers[1]?.json.rule).toBe('H5');
  });

  it('a bad request behind one that sleeps is refused when that one was answered', async () => {
    const punch = message(
      'POST',
      `${files}/a/punch-hole`,
      { Prefer: 'wait=1' },
      { offset: 0, length: 4096 },
    );
    expect(await statuses(punch, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n')).toEqual([202, 400]);
  });

  it('more than pipelineMax waiting requests are refused, and those before them are done', async () => {
    const punch = message(
      'POST',
      `${files}/a/punch-hole`,
      { Prefer: 'wait=1' },
      { offset: 0, length: 4096 },
    );
    const make = (i: number) => message('POST', files, {}, { name: `n${i}` });
    const answers = await talk(
      port,
      punch + Array.from({ length: 12 }, (_, i) => make(i)).join(''),
      4000,
    );
    expect(answers.map(({ status }) => status)).toEqual([
      202,
      ...Array.from({ length: 8 }, () => 201),
      429,
    ]);
    expect(answers.at(-1)?.json).toMatchObject({
      type: '/v1/problems/too-many-pipelined',
      rule: 'H32',
      limit: 8,
    });
    expect(answers.at(-1)?.headers).toMatchObject({ connection: 'close', 'retry-after': '1' });
    await must(service, 200, 'GET', `${files}/n7`);
    await must(service, 404, 'GET', `${files}/n8`);
  });
});

it('a thousand requests on one connection come back in order', async () => {
  const quick = await start();
  await pinnedWorld(quick);
  const at = await portOf(quick);
  const { connect } = await import('node:net');
  const socket = connect(at, '127.0.0.1');
  let got = '';
  socket.on('data', (data) => {
    got += data;
  });
  for (let i = 0; i < 1000; i += 20) {
    const batch = Array.from({ length: 20 }, (_, j) =>
      j % 2 === 0
        ? message('PUT', `${files}/a/content?offset=0`, bytes, String(i + j).padStart(4, '0'))
        : message('GET', `${files}/a/content?offset=0&length=4`),
    );
    socket.write(batch.join(''));
    await expect.poll(() => answersIn(got).length, { interval: 5 }).toBe(i + 20);
  }
  const read = answersIn(got).filter((_, i) => i % 2 === 1);
  expect(read.map(({ body }) => Number(body))).toEqual(
    Array.from({ length: 500 }, (_, i) => 2 * i),
  );
  socket.destroy();
  await quick.close();
});
