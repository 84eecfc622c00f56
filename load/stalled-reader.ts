// A WebSocket reader that reads nothing until it is asked to.
import { connect, type Socket } from 'node:net';

/** Upgrades, subscribes and never reads again. */
export function stalledReader(base: string, path: string): Socket {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.pause();
  const key = Buffer.alloc(16, 'k').toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return socket;
}

/** Reads what waits, up to the close frame, and gives back its code. */
export async function closeCode(socket: Socket): Promise<number> {
  let rest = Buffer.alloc(0);
  let upgraded = false;
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    if (!upgraded) {
      rest = rest.subarray(rest.indexOf('\r\n\r\n') + 4);
      upgraded = true;
    }
    for (let frame = firstFrame(rest); frame !== null; frame = firstFrame(rest)) {
      if (frame.opcode === 8) return frame.payload.readUInt16BE();
      rest = rest.subarray(frame.length);
    }
  }
  return 0;
}

/** Of a server, so without a mask. Null while it is not complete. */
function firstFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | null {
  if (bytes.length < 10 && bytes.length < 2 + ((bytes[1] ?? 255) & 0x7f)) return null;
  const short = bytes.readUInt8(1) & 0x7f;
  const head = short === 127 ? 10 : short === 126 ? 4 : 2;
  const size =
    short === 127
      ? Number(bytes.readBigUInt64BE(2))
      : short === 126
        ? bytes.readUInt16BE(2)
        : short;
  const length = head + size;
  if (bytes.length < length) return null;
  return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(head, length), length };
}
