// The yardstick of the fan-out: a `ws` server that sends one buffer to every reader, again as soon as all of them took it.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const text = `{"type":"event","id":"query","cursor":"00.`;
const size = Number(process.env.FRAME_BYTES);
const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const http = createServer();
http.on('upgrade', (request, socket, head) => wss.handleUpgrade(request, socket, head, (ws) => wss.emit('connection', ws)));

let seq = 0;
function round(): void {
  seq += 1;
  const frame = Buffer.from(`${text}${seq}"`.padEnd(size, ' '));
  let left = wss.clients.size;
  if (left < Number(process.env.READERS)) {
    setTimeout(round, 10);
    return;
  }
  for (const client of wss.clients) {
    client.send(frame, { binary: false }, () => {
      left -= 1;
      if (left === 0) setImmediate(round);
    });
  }
}
wss.once('connection', round);
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
