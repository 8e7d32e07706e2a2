/** Process: a runner that is to go is emptied, retired, and its keys are removed; whatever crashes in between. */
import { isJobEnd } from '../domain/outcome.js';
import type { BatonEvent } from '../events/catalog.js';
import type { RunnerAuth } from '../events/runner.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import { millisBetween } from '../kernel/time.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf, type DispatchCommand } from './commands.js';

/** Long enough for an assignment that was decided before the scheduler saw the end of the runner. */
const KEY_REST_MS = 2_000;

interface Held {
  readonly phaseRunId: string;
  readonly cancelAsked: boolean;
}

/** One runner from its enrolment to its last key; its name may belong to another one by then. */
interface Going {
  readonly name: string;
  /** Who wants it gone, and why. */
  request:
    | {
        readonly eventId: string;
        readonly actor: string;
        readonly reason?: string;
        readonly cancelJobs: boolean;
      }
    | undefined;
  retired: { readonly eventId: string; readonly at: string } | undefined;
  readonly held: Map<string, Held>;
  readonly keys: Set<string>;
}

export interface RemovalState {
  /** By the event that enrolled it. */
  readonly runners: Map<string, Going>;
  /** Who has the name now: its enrolment. */
  readonly named: Map<string, string>;
  /** Phase run, and the enrolment of the runner that holds it. */
  readonly jobs: Map<
    string,
    { readonly phaseRunId: string; runner: string | undefined; cancelAsked: boolean }
  >;
}

const addKey = (going: Going, auth: RunnerAuth | undefined): void => {
  if (auth?.kind === 'key') going.keys.add(auth.secretRef);
};

const forgetEmpty = ({ runners, named }: RemovalState, enrolment: string): void => {
  const going = runners.get(enrolment);
  if (going?.retired === undefined || going.keys.size > 0) return;
  runners.delete(enrolment);
  if (named.get(going.name) === enrolment) named.delete(going.name);
};

const evolveRunner = (state: RemovalState, { stream, event, id, metadata }: Recorded<BatonEvent>): void => {
  const { runners, named } = state;
  const name = idOf(stream);
  if (event.type === 'RunnerEnrolled') {
    const going: Going = { name, request: undefined, retired: undefined, held: new Map(), keys: new Set() };
    addKey(going, event.data.auth);
    runners.set(id, going);
    named.set(name, id);
    return;
  }
  if (event.type === 'RunnerKeyRemoved') {
    // a former one's may be removed when the name is another's
    for (const [enrolment, going] of runners)
      if (going.name === name && going.keys.delete(event.data.secretRef)) forgetEmpty(state, enrolment);
    return;
  }
  const enrolment = named.get(name) ?? '';
  const going = runners.get(enrolment);
  if (going === undefined) return;
  if (event.type === 'RunnerSettingsChanged') addKey(going, event.data.auth);
  else if (event.type === 'RunnerRemovalRequested') {
    const { actor, reason } = metadata;
    const { cancelJobs } = event.data;
    going.request = { eventId: id, actor, cancelJobs, ...(reason === undefined ? {} : { reason }) };
  } else if (event.type === 'RunnerRetired') {
    going.retired = { eventId: id, at: metadata.recordedAt };
    forgetEmpty(state, enrolment);
  }
};

const evolve = (state: RemovalState, recorded: Recorded<BatonEvent>): RemovalState => {
  const { stream, event } = recorded;
  if (stream.startsWith('runner-')) evolveRunner(state, recorded);
  const jobId = idOf(stream);
  if (event.type === 'JobQueued') {
    state.jobs.set(jobId, { phaseRunId: event.data.phaseRunId, runner: undefined, cancelAsked: false });
    return state;
  }
  const job = state.jobs.get(jobId);
  if (job === undefined || !stream.startsWith('job-')) return state;
  if (event.type === 'JobCancelRequested') job.cancelAsked = true;
  const leaves = event.type === 'JobRequeued' || isJobEnd(event.type);
  if (leaves && job.runner !== undefined) state.runners.get(job.runner)?.held.delete(jobId);
  if (leaves) job.runner = undefined;
  if (isJobEnd(event.type)) state.jobs.delete(jobId);
  if (event.type === 'JobAssigned') job.runner = state.named.get(event.data.runner);
  if (job.runner !== undefined) state.runners.get(job.runner)?.held.set(jobId, { ...job });
  return state;
};

const owed = ({ name, request, retired, held }: Going): readonly DispatchCommand[] => {
  if (request === undefined || retired !== undefined) return [];
  const { eventId, actor, reason } = request;
  const because = { causationId: eventId, actor };
  if (held.size === 0)
    return [
      {
        ...because,
        commandId: deriveId(eventId, 'removal', 'retire'),
        correlationId: name,
        ...(reason === undefined ? {} : { reason }),
        target: 'runner',
        id: name,
        command: { kind: 'RetireRunner' },
      },
    ];
  if (!request.cancelJobs) return [];
  return [...held]
    .filter(([, { cancelAsked }]) => !cancelAsked)
    .map(([jobId, { phaseRunId }]) => ({
      ...because,
      commandId: deriveId(eventId, 'removal', 'cancel', jobId),
      correlationId: phaseRunId,
      reason: reason ?? `runner ${name} is removed`,
      target: 'job',
      id: jobId,
      command: { kind: 'CancelJob' },
    }));
};

const all = ({ runners }: RemovalState): readonly DispatchCommand[] => [...runners.values()].flatMap(owed);

const forget = ({ name, retired, held, keys }: Going, at: string): readonly DispatchCommand[] => {
  if (retired === undefined || held.size > 0 || millisBetween(retired.at, at) < KEY_REST_MS) return [];
  return [...keys].map((secretRef) => ({
    commandId: deriveId(retired.eventId, 'removal', 'forget', secretRef),
    causationId: retired.eventId,
    correlationId: name,
    target: 'effect',
    effect: 'forget_key',
    runner: name,
    secretRef,
  }));
};

const MATTERS: ReadonlySet<string> = new Set(['RunnerRemovalRequested', 'JobAssigned', 'JobRequeued']);

export const removal: Process<BatonEvent, DispatchCommand, RemovalState> = {
  name: 'removal',
  version: 2,
  init: () => ({ runners: new Map(), named: new Map(), jobs: new Map() }),
  evolve,
  react: (state, { event }) => (MATTERS.has(event.type) || isJobEnd(event.type) ? all(state) : []),
  tick: ({ runners }, at) => [...runners.values()].flatMap((going) => forget(going, at)),
  resume: all,
};
