/** Process: a cancel that was asked for is carried out on the runner, as is the end of what was closed; what survives closes the slot. */
import { CLOSED } from '../domain/job.js';
import type { BatonEvent } from '../events/catalog.js';
import type { Survivor } from '../events/shapes.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { evolveAttempts, noJobs, type LiveJob, type LiveJobs } from './attempts.js';
import { idOf, type DispatchCommand } from './commands.js';

/** An ended attempt that left processes behind, until the quarantine of all slots that it held is recorded. */
interface Soiled {
  readonly runner: string;
  /** In which it ran. */
  readonly slot: number;
  /** Those of its slots whose quarantine is owed. */
  readonly owed: readonly number[];
  readonly jobId: string;
  readonly phaseRunId: string;
  readonly survivors: readonly Survivor[];
}

/** A job that was closed, until what may live of it on its runner has ended there. */
interface Closed {
  readonly job: LiveJob;
  readonly eventId: string;
}

export interface CancellationState {
  readonly jobs: LiveJobs;
  readonly closed: Map<string, Closed>;
  /** By the id of the event that told of survivors. */
  readonly soiled: Map<string, Soiled>;
}

/** Processes that outlived the end of an attempt. */
export const survivorsOf = (event: BatonEvent): readonly Survivor[] =>
  event.type === 'JobCancelled' ||
  event.type === 'JobTimedOut' ||
  event.type === 'JobRequeued' ||
  event.type === 'JobRemainsEnded'
    ? (event.data.evidence?.survivors ?? [])
    : [];

const evolve = (state: CancellationState, recorded: Recorded<BatonEvent>): CancellationState => {
  const { event, id, stream } = recorded;
  const survivors = survivorsOf(event);
  const live = state.jobs.live.get(idOf(stream));
  const job = live ?? state.closed.get(idOf(stream))?.job;
  if (event.type === 'JobLost' && event.data.why === CLOSED && live)
    state.closed.set(live.jobId, { job: live, eventId: id });
  if (event.type === 'JobRemainsEnded') state.closed.delete(idOf(stream));
  // nobody can log in there any more, and what has the name next has nothing of it
  if (event.type === 'RunnerRetired' || event.type === 'RunnerEnrolled') {
    const name = idOf(stream);
    for (const [jobId, closed] of state.closed) if (closed.job.runner === name) state.closed.delete(jobId);
    for (const [cause, soiled] of state.soiled) if (soiled.runner === name) state.soiled.delete(cause);
  }
  if (survivors.length > 0 && job) {
    const { runner, slot, alsoSlots, jobId, phaseRunId } = job;
    const owed = [slot, ...alsoSlots];
    state.soiled.set(id, { runner, slot, owed, jobId, phaseRunId, survivors });
  }
  if (event.type === 'SlotQuarantined')
    for (const [cause, soiled] of state.soiled) {
      if (soiled.runner !== idOf(stream) || soiled.jobId !== event.data.jobId) continue;
      const owed = soiled.owed.filter((slot) => slot !== event.data.slot);
      if (owed.length > 0) state.soiled.set(cause, { ...soiled, owed });
      else state.soiled.delete(cause);
    }
  evolveAttempts(state.jobs, recorded);
  return state;
};

const end = (job: LiveJob): readonly DispatchCommand[] =>
  job.cancel === undefined
    ? []
    : [
        {
          commandId: deriveId(job.cancel.eventId, 'cancellation', 'end', job.attempt),
          causationId: job.cancel.eventId,
          correlationId: job.phaseRunId,
          target: 'effect',
          effect: 'end',
          jobId: job.jobId,
          attempt: job.attempt,
          runner: job.runner,
          graceMs: job.limits.cancelGraceMs,
        },
      ];

const endRemains = ({ job, eventId }: Closed): DispatchCommand => ({
  commandId: deriveId(eventId, 'cancellation', 'remains'),
  causationId: eventId,
  correlationId: job.phaseRunId,
  target: 'effect',
  effect: 'end_remains',
  jobId: job.jobId,
  attempt: job.attempt,
  runner: job.runner,
  graceMs: job.limits.cancelGraceMs,
});

const survivedText = (count: number): string =>
  `${count === 1 ? '1 process' : `${count} processes`} survived`;

/** What survived may use every slot that the job had. */
const quarantine = (
  cause: string,
  { runner, slot: ranIn, owed, jobId, phaseRunId, survivors }: Soiled,
): readonly DispatchCommand[] =>
  owed.map((slot) => ({
    commandId: deriveId(cause, 'cancellation', 'quarantine', ...(slot === ranIn ? [] : [slot])),
    causationId: cause,
    correlationId: phaseRunId,
    target: 'runner',
    id: runner,
    command: {
      kind: 'QuarantineSlot',
      slot,
      jobId,
      why: `cancel incomplete: ${survivedText(survivors.length)}${
        slot === ranIn ? '' : ` of a job that ran in slot ${ranIn} and held this one too`
      }`,
      survivors,
      ...(slot === ranIn ? {} : { ranIn }),
    },
  }));

export const cancellation: Process<BatonEvent, DispatchCommand, CancellationState> = {
  name: 'cancellation',
  version: 4,
  init: () => ({ jobs: noJobs(), closed: new Map(), soiled: new Map() }),
  evolve,
  react: (state, { stream, event, id }) => {
    const soiled = state.soiled.get(id);
    if (soiled) return quarantine(id, soiled);
    const closed = state.closed.get(idOf(stream));
    if (closed?.eventId === id) return [endRemains(closed)];
    const job = state.jobs.live.get(idOf(stream));
    const mayEnd = event.type === 'JobCancelRequested' || event.type === 'JobAssigned';
    return mayEnd && job ? end(job) : [];
  },
  tick: () => [],
  resume: (state) => [
    ...[...state.jobs.live.values()].flatMap(end),
    ...[...state.closed.values()].map(endRemains),
    ...[...state.soiled].flatMap(([cause, soiled]) => quarantine(cause, soiled)),
  ],
};
