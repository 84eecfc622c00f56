// Puts load on a server for some time and reports the cost.
import autocannon from 'autocannon';
import { type Call, requestsOf } from './scenario.ts';
import type { Server } from './server.ts';

export interface Measured {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicros: number;
  /** Part of the time that the server's core was busy; below 1 the load was the bottleneck. */
  busy: number;
  /** Answers by status, connection errors and timeouts under 0. */
  statuses: Map<number, number>;
}

export async function drive(
  server: Server,
  calls: readonly Call[],
  connections: number,
  seconds: number,
): Promise<Measured> {
  const cpuMs = server.cpuMs();
  const begin = performance.now();
  const result = await autocannon({
    url: server.url,
    connections,
    duration: seconds,
    requests: requestsOf(calls),
  });
  const elapsedMs = performance.now() - begin;
  const usedMs = server.cpuMs() - cpuMs;
  const statuses = new Map<number, number>();
  for (const [status, { count = 0 }] of Object.entries(result.statusCodeStats ?? {}))
    statuses.set(Number(status), count);
  if (result.errors + result.timeouts > 0) statuses.set(0, result.errors + result.timeouts);
  const total = result.requests.total;
  return {
    requestsPerSecond: total / (elapsedMs / 1000),
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    cpuMicros: (usedMs * 1000) / Math.max(1, total),
    busy: usedMs / elapsedMs,
    statuses,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** The medians of several rounds; the statuses of all of them. */
export function middle(rounds: readonly Measured[]): Measured {
  const of = (read: (one: Measured) => number) => median(rounds.map(read));
  const statuses = new Map<number, number>();
  for (const round of rounds)
    for (const [status, count] of round.statuses)
      statuses.set(status, (statuses.get(status) ?? 0) + count);
  return {
    requestsPerSecond: of((one) => one.requestsPerSecond),
    p50Ms: of((one) => one.p50Ms),
    p99Ms: of((one) => one.p99Ms),
    cpuMicros: of((one) => one.cpuMicros),
    busy: of((one) => one.busy),
    statuses,
  };
}
