// The registry of routes.
import { operations } from '../../kernel/ops/index.ts';
import { schedulerStep } from '../../kernel/ops/scheduler-step.ts';
import { views } from '../../kernel/views/index.ts';
import type { Contract } from '../contract.ts';
import { asyncApi } from '../openapi/asyncapi.ts';
import { openApi } from '../openapi/document.ts';
import { bundleRoute } from './bundle.ts';
import { capabilitiesRoute } from './capabilities.ts';
import { clusterRoutes } from './cluster.ts';
import { compareRoutes } from './compare.ts';
import type { Route } from './define.ts';
import { documentRoute } from './documents.ts';
import { eventRoutes } from './events.ts';
import { explainRoutes } from './explain.ts';
import { filesystemRoutes } from './filesystems.ts';
import { healthRoutes } from './health.ts';
import { labRoutes } from './labs.ts';
import { metricsRoutes } from './metrics.ts';
import { operationRoute } from './operation.ts';
import { operationContentRoute } from './operation-content.ts';
import { problemRoutes } from './problems.ts';
import { rootRoute } from './root.ts';
import { ruleRoutes } from './rules.ts';
import { scriptRoute } from './script.ts';
import { stateRoute } from './state.ts';
import { storyRoutes } from './story.ts';
import { tenantRoutes } from './tenants.ts';
import { ticketRoutes } from './tickets.ts';
import { tokenRoutes } from './tokens.ts';
import { traceRoute } from './trace.ts';
import { viewRoute } from './view.ts';
import { walkRoutes } from './walk.ts';

export const routes: readonly Route[] = [
  rootRoute,
  capabilitiesRoute,
  ...filesystemRoutes,
  ...[...views.values()].map(viewRoute),
  ...[...operations.values()].filter((op) => op !== schedulerStep).map(operationRoute),
  ...walkRoutes,
  ...storyRoutes,
  operationContentRoute,
  stateRoute,
  ...explainRoutes,
  traceRoute,
  bundleRoute,
  scriptRoute,
  ...compareRoutes,
  ...clusterRoutes,
  ...labRoutes,
  ...eventRoutes,
  ...tenantRoutes,
  ...tokenRoutes,
  ...ticketRoutes,
  ...metricsRoutes,
  ...problemRoutes,
  ...ruleRoutes,
  ...healthRoutes,
  documentRoute({
    name: 'openapi',
    summary: 'This document',
    of: 'OpenAPI 3.1.',
    make: () => openApi(contracts),
  }),
  documentRoute({
    name: 'asyncapi',
    summary: 'The event streams',
    of: 'AsyncAPI 3.',
    make: () => asyncApi(contracts),
  }),
];

export const contracts: readonly Contract[] = routes.flatMap((route) => [...route.contracts]);
