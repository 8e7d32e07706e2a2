/** A history as an engine writes it: phases of one job each, a number of them under way at any time. */
import type { NewEvent } from '../../src/app/ports.js';
import { filterClassOf } from '../../src/domain/matching.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Filter } from '../../src/events/shapes.js';
import { deriveId } from '../../src/kernel/ids.js';

export interface Written {
  readonly stream: string;
  readonly expected: 'no_stream' | number;
  readonly events: readonly NewEvent[];
}

const scope = { enterprise: 'acme', organisation: 'web', project: 'shop' };
const limits = { cancelGraceMs: 10_000, logBytes: 67_108_864, totalMs: 3_600_000 };
const filter: Filter = [{ key: 'platform_family', op: 'in', values: ['debian'] }];
const filterClass = filterClassOf(filter);
const sha = 'a3f1c0d2'.repeat(5);
const BEGAN = Date.parse('2026-01-01T00:00:00.000Z');

let writes = 0;
/** With an id of its own, ten milliseconds after the one before. */
export const asNew = (event: BatonEvent): NewEvent => {
  const id = deriveId('bench', ++writes);
  const recordedAt = new Date(BEGAN + writes * 10).toISOString();
  const metadata = { commandId: id, bodySha256: '', recordedAt, actor: 'baton', schema: 1 } as const;
  return { id, event, metadata: { ...metadata, $correlationId: id, $causationId: id } };
};

const append = (stream: string, at: number, ...events: readonly BatonEvent[]): Written => ({
  stream,
  expected: at < 0 ? 'no_stream' : at,
  events: events.map(asNew),
});

/** What is written of one phase with one job up to where its job runs, and from there to its end. */
export const phaseOf = (
  n: number,
): { readonly begin: readonly Written[]; readonly end: readonly Written[] } => {
  const phaseRunId = deriveId('phase', n);
  const jobId = deriveId('job', n);
  const change = { id: deriveId('change', n >> 2), title: `Change number ${n >> 2}`, patchset: 1 };
  const place = { pipeline: 'master', stage: 'verify', phase: 'unit' };
  const common = { scope, ...place, limits, priority: 0, whenUnmatchable: 'wait', change } as const;
  const [phase, job] = [`phase_run-${phaseRunId}`, `job-${jobId}`];
  const output = { name: 'log', sourceBytes: 4096, storedBytes: 4096, truncated: false };
  return {
    begin: [
      append(phase, -1, {
        type: 'PhasePromoted',
        data: {
          ...common,
          ...{ host: 'standalone', hostKey: phaseRunId, attempt: 1, variables: [], secretRefs: [] },
          source: { kind: 'git', repository: '/srv/git/shop', sha, branch: 'feature/login' },
          steps: [{ name: 'unit', run: 'make test' }],
          rows: [{ label: '', filter }],
        },
      }),
      append(job, -1, {
        type: 'JobQueued',
        data: { ...common, phaseRunId, row: 0, label: '', filter, filterClass },
      }),
      append(job, 0, {
        type: 'JobAssigned',
        data: {
          ...{ attempt: 1, runner: `build-${n % 50}`, slot: 0, fence: 1, filterClass, rule: 'oldest' },
          ...{ baseId: 'base', bootId: 'boot' },
        },
      }),
      append(job, 1, {
        type: 'JobStarted',
        data: { attempt: 1, pid: 4711, startTime: '123456', bootId: 'boot' },
      }),
    ],
    end: [
      // one decision
      append(
        job,
        2,
        {
          type: 'JobOutputSealed',
          data: { attempt: 1, outputs: [{ ...output, sourceSha256: sha, storedSha256: sha }] },
        },
        { type: 'JobSucceeded', data: { attempt: 1 } },
      ),
      append(phase, 0, {
        type: 'PhaseFinished',
        data: { outcome: 'succeeded', jobs: [{ jobId, label: '', outcome: 'succeeded' }] },
      }),
    ],
  };
};

/** So many phases, `live` of them under way at any time; the last ones stay so. */
export function* historyOf(phases: number, live: number): Generator<Written, void, undefined> {
  const underWay: (readonly Written[])[] = [];
  for (let n = 0; n < phases; n++) {
    const { begin, end } = phaseOf(n);
    yield* begin;
    underWay.push(end);
    if (underWay.length > live) yield* underWay.shift() ?? [];
  }
}
