/** All views that a server keeps, under the names by which they are rebuilt. */
import { changes } from '../plugin/hosts/standalone/changes.js';
import { numbers } from '../plugin/hosts/standalone/numbers.js';
import { access } from '../projections/access.js';
import { commands } from '../projections/commands.js';
import { explain } from '../projections/explain.js';
import { history } from '../projections/history.js';
import { jobs } from '../projections/jobs.js';
import { phaseRuns } from '../projections/phase-runs.js';
import { queue } from '../projections/queue.js';
import { queueMeasures } from '../projections/queue-measures.js';
import { runnerHealth } from '../projections/runner-health.js';
import { totals } from '../projections/totals.js';

export const projections = {
  jobs,
  queue,
  history,
  explain,
  'runner-health': runnerHealth,
  commands,
  'phase-runs': phaseRuns,
  changes,
  totals,
  'queue-measures': queueMeasures,
  access,
  numbers,
};
