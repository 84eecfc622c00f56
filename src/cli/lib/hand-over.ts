// Gives a trace to ui.perfetto.dev, which may only fetch it from this port of this machine.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Refused, TimedOut } from './exit.ts';
import type { Io } from './io.ts';

export const perfettoPort = 9001;
const perfetto = 'https://ui.perfetto.dev';
const fetchedWithinMs = 120_000;

interface Given {
  name: string;
  port: number;
  browse(io: Io, url: string): Promise<boolean>;
}

/** Listens until the trace has been fetched once. */
export async function handOver(io: Io, bytes: Uint8Array, { name, port, browse }: Given) {
  const path = `/${encodeURIComponent(name)}`;
  let fetched = () => {};
  const done = new Promise<void>((resolve) => {
    fetched = resolve;
  });
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', perfetto);
    if (request.url !== path) return void response.writeHead(404).end();
    response.setHeader('content-type', 'application/json');
    response.end(bytes, fetched);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    throw new Refused(
      `port ${port} of this machine, from which Perfetto fetches a trace, cannot be used: ` +
        `${(error as Error).message}. Write the trace to a file and open it there.`,
    );
  }
  const at = (server.address() as AddressInfo).port;
  const url = `${perfetto}/#!/?url=http://127.0.0.1:${at}${path}`;
  if (!(await browse(io, url))) io.say(`Open ${url} in a browser of this machine.`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = 'no browser fetched the trace in two minutes';
    timer = setTimeout(() => reject(new TimedOut(why)), fetchedWithinMs);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
    server.close();
    server.closeAllConnections();
  }
}
