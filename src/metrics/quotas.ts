// The quotas of tenants. The public scrape of the server shows none, because the names of tenants
// are not public.
import { quotaNames } from '../tenants/quotas.ts';
import { defineFamily, type QuotaUse, type Sample, type Scrape } from './define.ts';

const samplesOf = ({ quotas }: Scrape, of: 'used' | 'limits'): Sample[] =>
  quotas.flatMap(({ tenant, account }: QuotaUse) =>
    quotaNames.map((quota) => ({
      labels: tenant === null ? { quota } : { tenant, quota },
      value: account[of][quota],
    })),
  );

export const quotas = defineFamily({
  scope: 'tenant',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_quota_used',
      type: 'gauge',
      help: 'How much of a quota the tenant uses, in the unit of the quota: bytes, or a number.',
      read: (_, scrape) => samplesOf(scrape, 'used'),
    },
    {
      name: 'pinhole_quota_limit',
      type: 'gauge',
      help: 'The quota of the tenant, in the same unit as pinhole_quota_used.',
      read: (_, scrape) => samplesOf(scrape, 'limits'),
    },
  ],
});
