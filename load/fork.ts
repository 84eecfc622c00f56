// Forks of a filesystem under 100 connections of writes: what they cost the writers, whether the
// original loses a write, and how long a second tenant waits.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { apiOf } from './scenario.ts';
import { type Server, startPinhole } from './server.ts';
import { tokenOfTenant } from './tenant-tokens.ts';

const connections = 100;
const page = 4096;
const goalMs = 20;

interface Phase {
  name: string;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  acknowledged: number;
  failed: number;
}

async function writes(
  name: string,
  { url }: Server,
  token: string,
  seconds: number,
): Promise<Phase> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/octet-stream',
  };
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: Array.from({ length: 64 }, (_, at) => ({
      method: 'PUT' as const,
      path: `/v1/filesystems/busy/files/a/content?offset=${at * page}`,
      headers,
      body: Buffer.alloc(page, at),
    })),
  });
  return {
    name,
    requestsPerSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    acknowledged: result['2xx'],
    failed: result.non2xx + result.errors + result.timeouts,
  };
}

/** Says whether nothing was lost and nobody waited too long. */
export async function fork(seconds: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-fork-'));
  const tokenFile = join(folder, 'operator');
  const server = await startPinhole({
    PINHOLE_OPERATOR_TOKEN_FILE: tokenFile,
    PINHOLE_VOLATILE: '0',
    PINHOLE_DATA_DIR: join(folder, 'data'),
  });
  console.log(`\nfork: a filesystem is forked again and again under ${connections} connections`);
  try {
    const [busy, light] = await Promise.all(
      ['busy', 'light'].map((tenant) => tokenOfTenant(server.url, tokenFile, tenant)),
    );
    if (busy === undefined || light === undefined) throw new Error('there are two tenants');
    const good = await measured(server, { busy, light }, seconds);
    return good;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(
  server: Server,
  { busy, light }: { busy: string; light: string },
  seconds: number,
): Promise<boolean> {
  const api = apiOf(server.url);
  const fs = '/v1/filesystems';
  await api('POST', fs, { name: 'busy', sizeBytes: 2 ** 24 }, busy);
  await api('POST', `${fs}/busy/files`, { name: 'a' }, busy);
  await api('POST', fs, { name: 'own', sizeBytes: 2 ** 20 }, light);
  const done = async (): Promise<number> => {
    const text = await metricsOf(server, busy);
    return Number(
      /^pinhole_operations_total\{.*operation="write".*outcome="done".*\} (\d+)/m.exec(text)?.[1],
    );
  };
  await writes('warm up', server, busy, 3);
  const before = await done();
  const phases: (Phase & Waited)[] = [];
  let forks = 0;
  for (const forking of [false, true]) {
    let going = true;
    const others = Promise.all([
      forking ? forkAgain(() => going, api, busy) : 0,
      pingAgain(() => going, server, api, light),
    ]);
    const phase = await writes(forking ? 'with forks' : 'alone', server, busy, seconds);
    going = false;
    const [made, waited] = await others;
    forks += made;
    phases.push({ ...phase, ...waited });
  }
  for (const { name, requestsPerSecond, p50Ms, p99Ms, failed, pings, longestMs, loopMs } of phases)
    console.log(
      `${name.padEnd(12)}${Math.round(requestsPerSecond)} writes/s, p50 ${p50Ms} ms, ` +
        `p99 ${p99Ms} ms, ${failed} failed; a second tenant: ${pings} pings, longest ` +
        `${longestMs.toFixed(1)} ms, event loop ${loopMs.toFixed(1)} ms`,
    );
  const [alone, beside] = phases as [Phase & Waited, Phase & Waited];
  const happened = (await done()) - before;
  const acknowledged = alone.acknowledged + beside.acknowledged;
  console.log(`${forks} forks; ${acknowledged} writes acknowledged, ${happened} done`);
  console.log(
    `p99 of the writers: ${(beside.p99Ms / Math.max(1, alone.p99Ms)).toFixed(2)} times that ` +
      'without forks (goal: at most 2)',
  );
  // autocannon drops what is in flight at its end, so more may be done than acknowledged.
  const kept = happened >= acknowledged && happened <= acknowledged + 2 * connections;
  // Beside 100 writers a request also waits for theirs, so only what forks add is judged.
  const added = beside.loopMs - alone.loopMs;
  return kept && alone.failed + beside.failed === 0 && forks > 0 && added <= goalMs;
}

interface Waited {
  pings: number;
  longestMs: number;
  /** Processor time of the event loop of the server during one ping, at most. */
  loopMs: number;
}

async function metricsOf({ url }: Server, token: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return response.text();
}

type Api = ReturnType<typeof apiOf>;

async function forkAgain(going: () => boolean, api: Api, token: string): Promise<number> {
  let forks = 0;
  while (going()) {
    const name = `fork-${forks}`;
    await api('POST', '/v1/filesystems', { name, from: { filesystem: 'busy' } }, token);
    await api('DELETE', `/v1/filesystems/${name}`, { force: true }, token);
    forks += 1;
  }
  return forks;
}

async function pingAgain(
  going: () => boolean,
  server: Server,
  api: Api,
  token: string,
): Promise<Waited> {
  const waited = { pings: 0, longestMs: 0, loopMs: 0 };
  while (going()) {
    const begin = performance.now();
    const loop = server.loopMs();
    await api('GET', '/v1/filesystems/own', undefined, token);
    waited.longestMs = Math.max(waited.longestMs, performance.now() - begin);
    waited.loopMs = Math.max(waited.loopMs, server.loopMs() - loop);
    waited.pings += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return waited;
}
