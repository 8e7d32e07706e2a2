/** The table of routes: method, path, role, what may come in, and which use case answers. */
import type { Route } from './route.js';
import { accessRoutes } from './routes/access.js';
import { changeRoutes } from './routes/changes.js';
import { hostRoutes } from './routes/hosts.js';
import { installationRoutes } from './routes/installation.js';
import { jobRoutes } from './routes/jobs.js';
import { overviewRoutes } from './routes/overview.js';
import { runnerRoutes } from './routes/runners.js';
import { secretRoutes } from './routes/secrets.js';
import { toolchainRoutes } from './routes/toolchains.js';
import { updateRoutes } from './routes/updates.js';
import { webhookRoutes } from './routes/webhooks.js';

/** Below `/api/v1`. A fixed path stands before one with a parameter in the same place. */
export const routes: readonly Route[] = [
  ...runnerRoutes,
  ...toolchainRoutes,
  ...installationRoutes,
  ...changeRoutes,
  ...jobRoutes,
  ...hostRoutes,
  ...overviewRoutes,
  ...updateRoutes,
  ...webhookRoutes,
  ...secretRoutes,
  ...accessRoutes,
];
