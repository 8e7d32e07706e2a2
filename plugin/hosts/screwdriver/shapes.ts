/** What the API of Screwdriver answers, as far as it matters here (screwdriver-api 7.0.262), and what its executor is told. */
import * as t from 'io-ts';
import { Count, shape } from '../../../src/events/shapes.js';

const Environment = t.record(t.string, t.unknown);

export const Build = shape(
  'Build',
  { id: Count, status: t.string },
  {
    sha: t.string,
    meta: t.record(t.string, t.unknown),
    environment: t.union([t.array(Environment), Environment]),
    steps: t.array(shape('Step', { name: t.string }, { command: t.string })),
  },
);

export const Pipeline = shape(
  'Pipeline',
  { id: Count },
  { name: t.string, scmRepo: t.partial({ branch: t.string }) },
);

export const EventOf = shape('Event', { id: Count }, { meta: t.record(t.string, t.unknown) });

/** A value that the build may not have is left out. */
export const Secrets = t.array(shape('Secret', { name: t.string }, { value: t.string }));

export const Token = t.type({ token: t.string }, 'Token');

/** What `start` of an executor gets, checked by the base class before; what is not named here is not used. */
export const StartConfig = shape(
  'StartConfig',
  { buildId: Count, jobId: Count, pipelineId: Count, apiUri: t.string, token: t.string },
  {
    eventId: Count,
    jobName: t.string,
    pipeline: t.partial({ name: t.union([t.string, t.null]) }),
    annotations: t.record(t.string, t.unknown),
    blockedBy: t.array(Count),
    freezeWindows: t.union([t.array(t.string), t.string]),
    causeMessage: t.string,
    /** Of a job of a pull request: the job that it is a copy of. */
    prParentJobId: t.union([Count, t.null]),
  },
);
export type StartConfig = t.TypeOf<typeof StartConfig>;

/** Of `startPeriodic`. */
export const Periodic = t.type(
  { pipeline: t.type({ id: Count }), job: t.type({ name: t.string }) },
  'Periodic',
);

/** Of `stop`, `status` and the timers. */
export const ForBuild = t.type({ buildId: Count }, 'ForBuild');
