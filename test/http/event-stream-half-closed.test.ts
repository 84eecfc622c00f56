// One reader must not block the server, however its connection ends.
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { fs, must, start } from './start.ts';
import { listen } from './stream-reader.ts';

it('a reader that stalls and closes its side delays no other reader', async () => {
  const running = await start();
  try {
    const pages = 2000;
    const world = {
      name: 'scratch',
      sizeBytes: 33_554_432,
      strategy: { name: 'break-layouts', idleRule: 'fixed' },
    };
    await must(running, 201, 'POST', '/v1/filesystems', { json: world });
    await must(running, 201, 'POST', `${fs}/files`, {
      json: { name: 'a', sizeBytes: pages * 4096 },
    });
    const range = { offset: 0, length: pages * 4096 };
    await must(running, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { ...range, access: 'read-write' },
    });
    const sockets: Socket[] = [];
    running.app.server.on('connection', (socket: Socket) => sockets.push(socket));
    const { port, hostname } = new URL(await listen(running));
    const reader = connect(Number(port), hostname);
    reader.on('error', () => {});
    reader.pause();
    const key = Buffer.alloc(16, 'k').toString('base64');
    const headers = `Host: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`;
    reader.write(`GET ${fs}/events?from=now HTTP/1.1\r\n${headers}\r\n\r\n`);
    const buffered = () => sockets[0]?.writableLength ?? 0;
    await expect.poll(() => sockets.length).toBe(1);
    // More with one command than may be buffered: the frame in flight is the last one that there
    // was.
    for (let i = 0; i < 60 && buffered() < 262_144; i++) {
      const pin = await must(running, 201, 'POST', `${fs}/mappings/map_1/pins`, {
        json: { ...range, access: 'write' },
      });
      await must(running, 200, 'DELETE', `${fs}/pins/${pin.json.id}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(buffered()).toBeGreaterThan(262_144);
    reader.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await must(running, 201, 'POST', `${fs}/files`, { json: { name: 'b' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await must(running, 201, 'POST', `${fs}/files`, { json: { name: 'c' } });
    reader.destroy();
  } finally {
    await running.close();
  }
}, 60_000);
