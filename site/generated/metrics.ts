import { families } from '../../src/metrics/index.ts';
import { code, page, plain, table } from './text.ts';

const rows = (scope: 'tenant' | 'server'): string[][] =>
  families
    .filter((family) => family.scope === scope)
    .flatMap((family) => family.rows)
    .map(({ name, type, help }) => [code(name), type, plain(help)]);

const heads = ['name', 'type', 'meaning'];

export const metrics = (): string =>
  page(
    '# The metrics',
    '`GET /metrics` has all of them, `GET /v1/metrics` those of one tenant, `GET /v1/filesystems/{fs}/metrics` those of one filesystem. ' +
      'The form is that of Prometheus or OpenMetrics, as the client asks. [The runbook](./runbook.md) says what to do about each alert that is made of them.',
    '## Of filesystems',
    table(heads, rows('tenant')),
    '## Of the server',
    table(heads, rows('server')),
  );
