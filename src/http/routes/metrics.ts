// The routes that Prometheus scrapes, and its service discovery.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { preferredType } from '../accept.ts';
import type { AppContext } from '../app-context.ts';
import { tenantOf } from '../auth.ts';
import type { Contract } from '../contract.ts';
import type { MetricsForm, MetricsSource } from '../metrics-source.ts';
import { hostedOf, hostedOfTenant } from '../target.ts';
import { contractOf, defineRoute, queryParserOf, type Route } from './define.ts';

const forms: readonly MetricsForm[] = ['text', 'openmetrics'];
/**
 * Prometheus 3 sends one of these with each media type. All of them give the same text, because our
 * names of metrics and labels are plain ASCII words.
 */
const escapings = ['allow-utf-8', 'underscores', 'dots', 'values'];

/**
 * The text format is sent if Accept has no preference, and also if it accepts neither format,
 * because a scraper can use it better than a 406.
 */
function formNegotiatorOf({ contentTypes }: MetricsSource) {
  // A media range with parameters matches only an offer that has all of them, so each offer lists
  // all of ours.
  const offered = new Map(
    forms.flatMap((form) =>
      escapings.map((escaping) => [`${contentTypes[form]}; escaping=${escaping}`, form]),
    ),
  );
  const types = [...offered.keys()];
  return ({ headers }: FastifyRequest): MetricsForm =>
    offered.get(preferredType(headers.accept, types) ?? '') ?? 'text';
}

type Scrape = (context: AppContext, request: FastifyRequest, form: MetricsForm) => Promise<string>;

function scrapeRoute(
  given: Pick<Contract, 'name' | 'url' | 'scope' | 'summary'>,
  scrape: Scrape,
): Route {
  const contract = contractOf({
    ...given,
    tag: 'server',
    doc:
      'In the text format of Prometheus, or as OpenMetrics with exemplars if Accept asks for ' +
      'it.',
    answers: [
      {
        status: 200,
        doc: 'Metrics.',
        content: { 'text/plain': 'text', 'application/openmetrics-text': 'text' },
      },
    ],
  });
  const queryOf = queryParserOf(contract.query);
  return {
    contracts: [contract],
    handle(context) {
      const { contentTypes } = context.metrics;
      const formOf = formNegotiatorOf(context.metrics);
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        queryOf(request);
        const form = formOf(request);
        return reply
          .header('content-type', contentTypes[form])
          .send(await scrape(context, request, form));
      };
      return { handler };
    },
  };
}

const ofServer = scrapeRoute(
  { name: 'metrics', url: '/metrics', scope: 'public', summary: 'Metrics of the server' },
  ({ metrics }, _request, form) => metrics.scrape(form),
);

const ofTenant = scrapeRoute(
  { name: 'tenant-metrics', url: '/v1/metrics', scope: 'read', summary: 'Metrics of the tenant' },
  ({ metrics }, request, form) => metrics.scrapeOf(tenantOf(request), form),
);

const ofTenants = scrapeRoute(
  {
    name: 'tenants-metrics',
    url: '/v1/metrics/tenants',
    scope: 'operator',
    summary: 'Quotas of the tenants as metrics, for the operator',
  },
  ({ metrics, config }, _request, form) => metrics.scrapeTenants(form, config.metricsTargetsMax),
);

const ofFilesystem = scrapeRoute(
  {
    name: 'filesystem-metrics',
    url: '/v1/filesystems/:fs/metrics',
    scope: 'read',
    summary: 'Metrics of one filesystem',
  },
  ({ metrics, engine }, request, form) => metrics.scrapeOne(hostedOf(engine, request), form),
);

const ofFilesystemOfTenant = scrapeRoute(
  {
    name: 'tenant-filesystem-metrics',
    url: '/v1/tenants/:tenant/filesystems/:fs/metrics',
    scope: 'operator',
    summary: 'Metrics of one filesystem of a tenant, for the operator',
  },
  ({ metrics, engine }, request, form) => metrics.scrapeOne(hostedOfTenant(engine, request), form),
);

const zTargetGroup = z.object({
  targets: z.array(z.string()).describe('The host and port of the request.'),
  labels: z
    .record(z.string(), z.string())
    .describe('The path to scrape, and labels that say what it is about.'),
});

/** Only the operator sees the tenant as a label. A token of a tenant can only see that tenant. */
const targets = defineRoute({
  name: 'metrics-targets',
  url: '/v1/metrics/targets',
  scope: 'any',
  tag: 'server',
  summary: 'Targets for Prometheus',
  doc:
    'HTTP service discovery for Prometheus. The target is /metrics for the operator and ' +
    '/v1/metrics for a tenant, at the address of the request.',
  query: z.strictObject({
    tenants: z
      .string()
      .optional()
      .describe(
        '`true` adds a target for the quotas of the tenants, with the label part="tenants", for ' +
          'the operator only. It shows at most --metrics-targets-max tenants, those first that ' +
          'use the largest part of a quota.',
      ),
    filesystems: z
      .string()
      .optional()
      .describe(
        '`true` adds a target for each filesystem of the tenant, with its name as a label; ' +
          'for the operator, of all tenants, with the tenant as another label. At most ' +
          '--metrics-targets-max are listed: first those with sleeping operations, busy or ' +
          'detached blocks, and those that stopped; then the oldest.',
      ),
  }),
  result: z.array(zTargetGroup),
  answer({ metrics, config }, { request, query }) {
    const { caller, headers } = request;
    const group = (path: string, labels: Record<string, string> = {}) => ({
      targets: [headers.host ?? ''],
      labels: { __metrics_path__: request.prefix + path, service: 'pinhole', ...labels },
    });
    const operates = caller?.scopes.includes('operator') === true;
    const first = [group(operates ? '/metrics' : '/v1/metrics')];
    if (operates && query.tenants === 'true')
      first.push(group('/v1/metrics/tenants', { part: 'tenants' }));
    if (query.filesystems !== 'true') return first;
    const tenant = operates ? null : tenantOf(request);
    const worth = metrics.worthALook(tenant, config.metricsTargetsMax);
    const groups = worth.map((fs) =>
      operates
        ? group(`/v1/tenants/${fs.tenant}/filesystems/${fs.name}/metrics`, {
            tenant: fs.tenant,
            filesystem: fs.name,
          })
        : group(`/v1/filesystems/${fs.name}/metrics`, { filesystem: fs.name }),
    );
    return [...first, ...groups];
  },
});

export const metricsRoutes: readonly Route[] = [
  ofServer,
  ofTenant,
  ofTenants,
  ofFilesystem,
  ofFilesystemOfTenant,
  targets,
];
