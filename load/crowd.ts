// WebSocket readers that count the events that they get.
import { WebSocket } from 'ws';

export interface Crowd {
  frames(): number;
  events(): number;
  bytes(): number;
  /** Of the first of them. */
  say(message: string): void;
  close(): void;
}

/** `onFrame` sees what the first of them gets. */
export function openReaders(
  url: string,
  count: number,
  onFrame?: (text: Buffer) => void,
): Promise<Crowd> {
  const sockets: WebSocket[] = [];
  let frames = 0;
  let bytes = 0;
  let events = 0;
  const crowd: Crowd = {
    frames: () => frames,
    events: () => events,
    bytes: () => bytes,
    say: (message) => sockets[0]?.send(message),
    close() {
      for (const socket of sockets) socket.terminate();
    },
  };
  const opened = Array.from({ length: count }, (_, i) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    sockets.push(socket);
    let last = 0;
    socket.on('message', (data: Buffer) => {
      frames += 1;
      bytes += data.length;
      // Parsing every frame would measure this process. The head of a frame tells the position
      // behind its last event.
      const seq = Number(/"cursor":"\w+\.(\d+)"/.exec(data.toString('latin1', 0, 200))?.[1] ?? 0);
      if (last > 0) events += seq - last;
      last = seq;
      if (i === 0) onFrame?.(data);
    });
    return new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
  });
  return Promise.all(opened).then(() => crowd);
}
