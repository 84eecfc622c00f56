// npm run watch -- scratch: prints the events of a filesystem, one line for each.
import { WebSocket } from 'ws';

const [filesystem = 'scratch', base = 'ws://127.0.0.1:8080'] = process.argv.slice(2);
const socket = new WebSocket(`${base}/v1/filesystems/${filesystem}/events?from=now`);
socket.on('message', (message) => {
  for (const { seq, type, operation = '-', data } of JSON.parse(message).events ?? []) {
    console.log(seq, operation, type, JSON.stringify(data));
  }
});
socket.on('close', (code) => console.log(`closed ${code}`));
