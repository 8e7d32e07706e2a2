/** Process: a pause that has an end ends then. Time comes in through `tick`, never from a clock. */
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf, type DispatchCommand } from './commands.js';

interface Pause {
  readonly until: string;
  readonly eventId: string;
}

export type Pauses = Map<string, Pause>;

const evolve = (pauses: Pauses, { stream, event, id }: Recorded<BatonEvent>): Pauses => {
  switch (event.type) {
    case 'RunnerPaused': {
      const { until } = event.data;
      if (until !== undefined && !Number.isNaN(Date.parse(until)))
        pauses.set(idOf(stream), { until, eventId: id });
      else pauses.delete(idOf(stream));
      return pauses;
    }
    case 'RunnerResumed':
    case 'RunnerDrained':
    case 'RunnerRemovalRequested':
    case 'RunnerRetired':
      pauses.delete(idOf(stream));
      return pauses;
    default:
      return pauses;
  }
};

const resume = (name: string, { until, eventId }: Pause): DispatchCommand => ({
  commandId: deriveId(eventId, 'pauses', 'resume'),
  causationId: eventId,
  correlationId: name,
  reason: 'pause ended',
  target: 'runner',
  id: name,
  command: { kind: 'ResumeRunner', ifUntil: until },
});

export const pauses: Process<BatonEvent, DispatchCommand, Pauses> = {
  name: 'pauses',
  version: 1,
  init: () => new Map(),
  evolve,
  react: () => [],
  tick: (state, at) =>
    [...state]
      .filter(([, { until }]) => Date.parse(until) <= Date.parse(at))
      .map(([name, pause]) => resume(name, pause)),
  // a pause that ended while nobody looked is found by the first tick, which brings the time
  resume: () => [],
};
