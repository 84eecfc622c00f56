// HTTP requests by the template of their route. Each request costs one lookup in a small table.
import type { FastifyInstance } from 'fastify';
import { defineFamily, distribution, histogramOf, observe } from './define.ts';
import type { Distribution } from './distribution.ts';
import type { HttpCounts } from './server.ts';

const name = 'pinhole_http_request_duration_seconds';
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

export const requestCounts = (): HttpCounts => ({ durations: new Map() });

/** Times every request of the routes that are registered after this call. */
export function timeRequests(app: FastifyInstance, { durations }: HttpCounts): void {
  const timer = (template: string, method: string) => {
    const byStatus = new Map<number, Distribution>();
    return (status: number, seconds: number) => {
      let d = byStatus.get(status);
      if (d === undefined) {
        d = distribution(bounds);
        byStatus.set(status, d);
        durations.set(`${template}\n${method}\n${status}`, d);
      }
      observe(d, seconds);
    };
  };
  app.addHook('onRoute', (route) => {
    const template = route.url.replace(/:(\w+)/g, '{$1}');
    const timers = new Map(
      [route.method].flat().map((method) => [method, timer(template, method)]),
    );
    const hooks = [route.onResponse ?? []].flat();
    route.onResponse = [
      ...hooks,
      (request, reply, done) => {
        timers.get(request.method)?.(reply.statusCode, reply.elapsedTime / 1000);
        done();
      },
    ];
  });
  // A client can send any method to an unknown URL, so those share one label.
  const nowhere = timer('unmatched', 'any');
  app.addHook('onResponse', (request, reply, done) => {
    if (request.is404) nowhere(reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

export const http = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name,
      type: 'histogram',
      help: 'Time from the headers of a request to the end of its answer.',
      read: (_, { server }) =>
        server === null
          ? []
          : histogramOf(name, ['route', 'method', 'status'], server.http.durations),
    },
  ],
});
