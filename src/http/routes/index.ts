// The registry of routes that no registry of the kernel has.

import type { ServerRoute } from './define.ts';
import { explainRoutes } from './explain.ts';
import { filesystemRoutes } from './filesystems.ts';
import { healthRoutes } from './health.ts';
import { tenantRoutes } from './tenants.ts';
import { ticketRoutes } from './tickets.ts';

export const serverRoutes: readonly ServerRoute[] = [
  ...filesystemRoutes,
  ...tenantRoutes,
  ...ticketRoutes,
  ...explainRoutes,
  ...healthRoutes,
];
