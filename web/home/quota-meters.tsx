// What the tenant may use, and what it uses: for each quota a bar and the figures.
import { capabilities } from '../api/session.ts';
import { countText, sizeText } from '../parts/words.ts';

/** Quotas that count bytes. */
const inBytes = new Set(['bytes', 'memory']);
const titles: Record<string, string> = {
  filesystems: 'Filesystems',
  bytes: 'Bytes of devices',
  blocks: 'Blocks of files',
  files: 'Files',
  mappings: 'Mappings',
  pins: 'Pins',
  sleepers: 'Sleeping operations',
  memory: 'Memory',
};
export const quotaTitle = (name: string): string => titles[name] ?? name;

export const quotaText = (name: string, amount: number): string =>
  inBytes.has(name) ? sizeText(amount) : countText(amount);

export function QuotaMeters() {
  const tenant = capabilities.value?.tenant ?? null;
  if (tenant === null) return null;
  return (
    <section class="panel" aria-labelledby="quotas">
      <header>
        <h2 id="quotas">
          Quotas of <bdi>{tenant.name}</bdi>
        </h2>
      </header>
      <div class="quotas">
        {Object.entries(tenant.quotas).map(([name, { limit, used }]) => (
          <Quota key={name} name={name} limit={limit} used={used} />
        ))}
      </div>
    </section>
  );
}

function Quota({ name, limit, used }: { name: string; limit: number; used: number }) {
  const text = `${quotaText(name, used)} of ${quotaText(name, limit)}`;
  return (
    <div class="quota" id={`quota-${name}`}>
      <div class="row spread small">
        <span>{quotaTitle(name)}</span>
        <span class="number">{text}</span>
      </div>
      <meter
        min={0}
        max={Math.max(1, limit)}
        high={limit * 0.9}
        optimum={0}
        value={Math.min(used, limit)}
        aria-label={`${quotaTitle(name)}: ${text}`}
      />
    </div>
  );
}
