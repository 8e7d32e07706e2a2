/**
 * The original's way, for comparison: one list, oldest first. A free runner takes the first pending job that suits it; a taken
 * job is marked in place and stays in the list until it ends. It folds the same events and asks for the same commands.
 */
import { idOf, type DispatchCommand } from '../../src/dispatch/commands.js';
import { evolveFleet, slotsOf, type Fleet } from '../../src/dispatch/fleet.js';
import { suits } from '../../src/domain/matching.js';
import { isRunnerEvent, type BatonEvent } from '../../src/events/catalog.js';
import type { JobQueued } from '../../src/events/job.js';
import type { Filter } from '../../src/events/shapes.js';
import { deriveId } from '../../src/kernel/ids.js';
import type { Process } from '../../src/kernel/process.js';

interface Entry {
  readonly jobId: string;
  readonly queuedBy: string;
  readonly data: JobQueued;
  runner: string | undefined;
}

interface FifoState {
  readonly list: Entry[];
  readonly runners: Fleet;
  /** Runner that the last event set free. */
  freed: string | undefined;
}

const evolve = (state: FifoState, stream: string, id: string, event: BatonEvent): FifoState => {
  const { list, runners } = state;
  state.freed = undefined;
  if (isRunnerEvent(event)) {
    evolveFleet(runners, idOf(stream), event);
    if (event.type === 'RunnerProbed') state.freed = idOf(stream);
  } else if (event.type === 'JobQueued')
    list.push({ jobId: idOf(stream), queuedBy: id, data: event.data, runner: undefined });
  else if (event.type === 'JobAssigned') {
    const jobId = idOf(stream);
    const entry = list.find((one) => one.jobId === jobId);
    if (entry) entry.runner = event.data.runner;
    runners.get(event.data.runner)?.busy.set(event.data.slot, jobId);
  } else if (event.type === 'JobSucceeded') {
    const jobId = idOf(stream);
    const place = list.findIndex((one) => one.jobId === jobId);
    const [entry] = list.splice(place, 1);
    state.freed = entry?.runner;
    runners.get(entry?.runner ?? '')?.busy.clear();
  }
  return state;
};

const assign = ({ list, runners }: FifoState, name: string): readonly DispatchCommand[] => {
  const runner = runners.get(name);
  if (runner?.probe === undefined || runner.busy.size > 0 || slotsOf(runner).unavailable !== '') return [];
  const entry = list.find((one) => one.runner === undefined && suits(runner, one.data.filter));
  if (entry === undefined) return [];
  const { jobId, queuedBy, data } = entry;
  const { baseId, bootId } = runner.probe;
  const assigned = { attempt: 1, runner: name, slot: 0, fence: 1, baseId, bootId };
  return [
    {
      commandId: deriveId(queuedBy, 'scheduler', 'assign', 1),
      causationId: queuedBy,
      correlationId: data.phaseRunId,
      target: 'job',
      id: jobId,
      command: { kind: 'AssignJob', data: { ...assigned, filterClass: data.filterClass, rule: 'first' } },
    },
  ];
};

/** A new job goes to the first runner that has nothing to do and suits. */
const place = (state: FifoState, filter: Filter): readonly DispatchCommand[] => {
  for (const [name, runner] of state.runners)
    if (runner.busy.size === 0 && suits(runner, filter)) {
      const found = assign(state, name);
      if (found.length > 0) return found;
    }
  return [];
};

export const fifo = (): Process<BatonEvent, DispatchCommand, FifoState> => ({
  name: 'fifo',
  init: () => ({ list: [], runners: new Map(), freed: undefined }),
  evolve: (state, { stream, event, id }) => evolve(state, stream, id, event),
  react: (state, { event }) => {
    if (event.type === 'JobQueued') return place(state, event.data.filter);
    return state.freed === undefined ? [] : assign(state, state.freed);
  },
  tick: () => [],
  resume: () => [],
});
