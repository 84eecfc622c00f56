// Attackers open as many connections as allowed, and never close their side: other clients are
// served again within two seconds, while the attackers still hold their sockets.
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Running, startVolatile } from './server.ts';

const places = 20;
let server: Running;
let port = 0;
const sockets: Socket[] = [];
beforeAll(async () => {
  const limits = [
    '--headers-timeout-ms',
    '1000',
    '--request-timeout-ms',
    '1000',
    '--answer-timeout-ms',
    '1000',
  ];
  server = await startVolatile('--connections-max', String(places), ...limits);
  port = Number(new URL(server.base).port);
  await server.call('POST', '/v1/filesystems', { name: 'scratch', sizeBytes: 67_108_864 });
  await server.call('POST', '/v1/filesystems/scratch/files', { name: 'a', sizeBytes: 16_000_000 });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => server.stop());

function cling(text: string, deaf: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write(text);
      resolve();
    });
    socket.on('error', () => resolve());
    if (deaf) socket.pause();
    else socket.on('data', () => {});
    sockets.push(socket);
  });
}

const head =
  'POST /v1/filesystems HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const attacks: [name: string, text: string, deaf?: boolean][] = [
  ['silence', ''],
  ['late headers', 'GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-'],
  ['a late body', `${head}Content-Length: 100\r\n\r\n{`],
  ['what is not HTTP', 'nonsense\r\n\r\n'],
  ['too long a head', `${get('/v1').slice(0, -2)}X: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['too long a body', `${head}Content-Length: 300000\r\nExpect: 100-continue\r\n\r\n`],
  ['an idle connection', get('/livez')],
  ['an answer that is not read', get('/v1/filesystems/scratch/files/a/content'), true],
  ['many answers that are not read', get('/openapi.json').repeat(60), true],
];

it.each(attacks)('%s', async (name, text, deaf = false) => {
  await Promise.all(Array.from({ length: places }, () => cling(text, deaf)));
  const began = performance.now();
  let served = false;
  while (!served && performance.now() - began < 10_000) {
    served = await fetch(`${server.base}/livez`, { headers: { connection: 'close' } }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!served) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const ms = Math.round(performance.now() - began);
  process.stdout.write(`${name}: another client was served after ${ms} ms\n`);
  expect(served).toBe(true);
  // A stalled reader is one for as long as a limit says, and is looked at again after that.
  expect(ms).toBeLessThan(deaf ? 5000 : 2500);
});
