// The comparison for fan-out: a `ws` server that sends frames from a file to every reader, each at
// its time, after a reader starts it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

interface Frame {
  afterMs: number;
  bytes: Buffer;
}

function framesIn(file: string): Frame[] {
  const timed = JSON.parse(readFileSync(file, 'utf8')) as { afterMs: number; text: string }[];
  return timed.map(({ afterMs, text }) => ({ afterMs, bytes: Buffer.from(text) }));
}

const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const http = createServer();
http.on('upgrade', (request, socket, head) =>
  wss.handleUpgrade(request, socket, head, (ws) => wss.emit('connection', ws)),
);

let frames: Frame[] = [];
let next = 0;
let begin = 0;
function send(): void {
  const now = performance.now() - begin;
  for (
    let frame = frames[next];
    frame !== undefined && frame.afterMs <= now;
    frame = frames[next]
  ) {
    next += 1;
    for (const client of wss.clients) client.send(frame.bytes, { binary: false });
  }
  const frame = frames[next];
  if (frame !== undefined) setTimeout(send, Math.max(1, frame.afterMs - now));
}
wss.on('connection', (socket) => {
  // What is sent is made before anybody measures; the first reader says when.
  if (wss.clients.size === 1) frames = framesIn(process.env.FRAMES ?? '');
  socket.on('message', () => {
    next = 0;
    begin = performance.now();
    send();
  });
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.stdout.write(
    `${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` })}\n`,
  );
});
process.on('SIGTERM', () => process.exit(0));
