import type { HostedFilesystem } from '../engine/engine.ts';

export type MetricsForm = 'text' | 'openmetrics';

/** What routes use of the metrics. server.ts connects both, so that neither imports the other. */
export interface MetricsSource {
  /** The media type of each form, with its parameters. */
  readonly contentTypes: Readonly<Record<MetricsForm, string>>;
  scrape(form: MetricsForm): Promise<string>;
  scrapeOf(tenant: string, form: MetricsForm): Promise<string>;
  /** The quotas of at most `max` tenants. */
  scrapeTenants(form: MetricsForm, max: number): Promise<string>;
  scrapeOne(fs: HostedFilesystem, form: MetricsForm): Promise<string>;
  /** The filesystems of one tenant or of all: first those with problems, then the oldest. */
  worthALook(tenant: string | null, max: number): readonly HostedFilesystem[];
}
