/** Valid data with as little of it as a test needs to name. */
import type { BatonEvent } from '../src/events/catalog.js';
import type { JobAssigned, JobQueued } from '../src/events/job.js';
import type { PhasePromoted } from '../src/events/phase-run.js';
import type { RunnerEnrolled } from '../src/events/runner.js';
import type { Source } from '../src/events/shapes.js';
import type { NewEvent } from '../src/app/ports.js';
import { filterClassOf } from '../src/domain/matching.js';
import { deriveId } from '../src/kernel/ids.js';

const scope = { enterprise: 'acme', organisation: 'web', project: 'shop' };
const limits = { cancelGraceMs: 1000, logBytes: 1_000_000 };

export const aQueuedJob = (more: Partial<JobQueued> = {}): JobQueued => ({
  phaseRunId: 'run-1',
  row: 0,
  label: '',
  scope,
  pipeline: 'master',
  stage: 'verify',
  phase: 'unit',
  filter: more.filter ?? [],
  filterClass: filterClassOf(more.filter ?? []),
  limits,
  priority: 0,
  whenUnmatchable: 'wait',
  ...more,
});

export const anAssignment = (more: Partial<JobAssigned> = {}): JobAssigned => ({
  attempt: 1,
  runner: 'r1',
  slot: 0,
  fence: 1,
  baseId: 'base',
  bootId: 'boot',
  filterClass: filterClassOf([]),
  rule: 'only_match',
  ...more,
});

export const aSource: Source = { kind: 'git', repository: '/repo', sha: 'a'.repeat(40) };

export const aPromotion = (more: Partial<PhasePromoted> = {}): PhasePromoted => ({
  host: 'test',
  hostKey: 'key',
  attempt: 1,
  scope,
  pipeline: 'master',
  stage: 'verify',
  phase: 'unit',
  source: aSource,
  steps: [{ name: 'unit', run: 'true' }],
  variables: [],
  secretRefs: [],
  rows: [{ label: '', filter: [] }],
  limits,
  priority: 0,
  whenUnmatchable: 'wait',
  ...more,
});

export const anEnrolment = (more: Partial<RunnerEnrolled> = {}): RunnerEnrolled => ({
  name: 'r1',
  host: '127.0.0.1',
  port: 22,
  user: 'job_runner',
  auth: { kind: 'agent' },
  slots: 1,
  labels: [],
  ...more,
});

let count = 0;
/** The event as it is given to a store; ids differ with each call. */
export const asNew = (
  event: BatonEvent,
  commandId = deriveId('test', count++),
  recordedAt = '2026-01-01T00:00:00.000Z',
): NewEvent => ({
  id: deriveId(commandId, 0),
  event,
  metadata: { commandId, bodySha256: '', recordedAt, actor: 'test', schema: 1 },
});
