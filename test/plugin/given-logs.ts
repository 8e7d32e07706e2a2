/** Logs in memory, as the outbox reads them, and the events of jobs that write them. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { BehaviorSubject, map } from 'rxjs';
import type { LogError, LogStore, OutputRef } from '../../src/app/ports.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { SealedOutput } from '../../src/events/shapes.js';
import { aPromotion, aQueuedJob } from '../builders.js';

export interface GivenLogs extends Pick<LogStore, 'read' | 'watch'> {
  readonly write: (ref: OutputRef, text: string | Buffer) => void;
  /** Reads since the beginning. */
  readonly reads: () => number;
  /** From now on reading fails, or does not. */
  readonly break: (broken: boolean) => void;
}

export const givenLogs = (): GivenLogs => {
  const logs = new Map<string, BehaviorSubject<Buffer>>();
  let broken = false;
  let reads = 0;
  const of = ({ jobId, attempt, output }: OutputRef): BehaviorSubject<Buffer> => {
    const key = `${jobId}.${attempt}.${output ?? 'log'}`;
    const log = logs.get(key) ?? new BehaviorSubject<Buffer>(Buffer.alloc(0));
    logs.set(key, log);
    return log;
  };
  const failure: LogError = { code: 'log_store', why: 'io', message: 'the disk is gone' };
  return {
    write: (ref, text) => {
      const log = of(ref);
      log.next(Buffer.concat([log.value, Buffer.from(text)]));
    },
    read: (ref, from, most) => {
      reads += 1;
      if (broken) return TE.left(failure);
      const log = of(ref).value;
      return TE.right({ bytes: log.subarray(from, from + most), size: log.length, sealed: false });
    },
    watch: (ref) => of(ref).pipe(map(({ length }) => ({ size: length, sealed: false }))),
    reads: () => reads,
    break: (is) => (broken = is),
  };
};

/** `[stream, event]`s of the life of a phase run with jobs of these ids. */
export const life = {
  promoted: (run: string): readonly [string, BatonEvent] => [
    `phase_run-${run}`,
    { type: 'PhasePromoted', data: aPromotion({ hostKey: run }) },
  ],
  queued: (run: string, job: string, output?: 'split'): readonly [string, BatonEvent] => [
    `job-${job}`,
    {
      type: 'JobQueued',
      data: aQueuedJob({ phaseRunId: run, label: job, ...(output === undefined ? {} : { output }) }),
    },
  ],
  started: (job: string, attempt = 1): readonly [string, BatonEvent] => [
    `job-${job}`,
    { type: 'JobStarted', data: { attempt, pid: 7, startTime: '9', bootId: 'boot' } },
  ],
  requeued: (job: string, attempt = 1): readonly [string, BatonEvent] => [
    `job-${job}`,
    { type: 'JobRequeued', data: { attempt, cause: 'policy' } },
  ],
  sealed: (
    job: string,
    outputs: readonly Partial<SealedOutput>[] = [],
    attempt = 1,
  ): readonly [string, BatonEvent] => [
    `job-${job}`,
    {
      type: 'JobOutputSealed',
      data: {
        attempt,
        outputs: outputs.map((output) => ({
          ...{ name: 'log', sourceBytes: 0, sourceSha256: '', storedBytes: 0, storedSha256: '' },
          ...{ truncated: false, ...output },
        })),
      },
    },
  ],
  succeeded: (job: string, attempt = 1): readonly [string, BatonEvent] => [
    `job-${job}`,
    { type: 'JobSucceeded', data: { attempt } },
  ],
  finished: (run: string, ...jobs: readonly string[]): readonly [string, BatonEvent] => [
    `phase_run-${run}`,
    {
      type: 'PhaseFinished',
      data: {
        outcome: 'succeeded',
        jobs: jobs.map((jobId) => ({ jobId, label: jobId, outcome: 'succeeded' })),
      },
    },
  ],
};
