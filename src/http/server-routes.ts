// The registry of routes that no registry of the kernel has.
import { explainRoutes } from './explain-route.ts';
import { filesystemRoutes } from './filesystem-routes.ts';
import { healthRoutes } from './health.ts';
import type { ServerRoute } from './server-route.ts';
import { tenantRoutes } from './tenant-routes.ts';
import { ticketRoutes } from './ticket-routes.ts';

export const serverRoutes: readonly ServerRoute[] = [
  ...filesystemRoutes,
  ...tenantRoutes,
  ...ticketRoutes,
  ...explainRoutes,
  ...healthRoutes,
];
