import type { HostedFilesystem } from '../engine/engine.ts';

export type MetricsForm = 'text' | 'openmetrics';

/** What these routes need of the metrics, which are not imported here: the server joins both. */
export interface MetricsSource {
  /** The media type of each form, with its parameters. */
  readonly contentTypes: Readonly<Record<MetricsForm, string>>;
  scrape(form: MetricsForm): Promise<string>;
  scrapeOf(tenant: string, form: MetricsForm): Promise<string>;
  scrapeOne(fs: HostedFilesystem, form: MetricsForm): Promise<string>;
  /** Filesystems of a tenant, or of all: those with trouble first, then the oldest. */
  worthALook(tenant: string | null, max: number): readonly HostedFilesystem[];
}
