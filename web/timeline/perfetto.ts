// Hands the trace to ui.perfetto.dev, which is another origin: only when a person has asked for it.
import { origin, token } from '../api/session.ts';

const perfetto = 'https://ui.perfetto.dev';
const pingMs = 100;
const pingsMax = 300;

/** The trace is sent from this page to that window; the server of Perfetto does not see it. */
export async function openInPerfetto(fs: string): Promise<void> {
  // Before anything is awaited, because a browser only opens a window for a click.
  const opened = window.open(perfetto);
  if (opened === null) throw new Error('The browser did not open a window for Perfetto.');
  const headers = token.peek() === null ? {} : { authorization: `Bearer ${token.peek()}` };
  const path = `/v1/filesystems/${encodeURIComponent(fs)}/trace?format=perfetto`;
  const response = await fetch(`${origin}${path}`, { headers });
  if (!response.ok) throw new Error(`The server answered ${response.status} for the trace.`);
  const buffer = await response.arrayBuffer();
  await answers(opened);
  const trace = { buffer, title: fs, fileName: `${fs}.json` };
  opened.postMessage({ perfetto: trace }, perfetto);
}

/** Perfetto answers PONG to the first PING after it has loaded. */
function answers(opened: Window): Promise<void> {
  return new Promise((resolve, reject) => {
    let pings = 0;
    const stop = () => {
      clearInterval(timer);
      window.removeEventListener('message', listen);
    };
    const listen = (event: MessageEvent) => {
      if (event.source !== opened || event.data !== 'PONG') return;
      stop();
      resolve();
    };
    window.addEventListener('message', listen);
    const timer = setInterval(() => {
      pings += 1;
      if (pings <= pingsMax && !opened.closed) {
        opened.postMessage('PING', perfetto);
        return;
      }
      stop();
      reject(new Error('Perfetto did not answer.'));
    }, pingMs);
  });
}
