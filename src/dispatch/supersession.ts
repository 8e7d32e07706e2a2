/** Process: a change that was superseded → its live phase runs are cancelled. Promotions that come later are not touched. */
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf, type DispatchCommand } from './commands.js';

interface Superseded {
  readonly eventId: string;
  readonly actor: string;
  readonly reason: string;
}

interface LiveRun {
  readonly host: string;
  readonly hostKey: string;
  readonly attempt: number;
  readonly changeId: string;
  /** Set while the cancel is owed. */
  owedTo?: Superseded;
  cancelled: boolean;
}

/** Live phase runs that belong to a change. */
export type SupersessionState = Map<string, LiveRun>;

const evolve = (
  runs: SupersessionState,
  { stream, event, id, metadata }: Recorded<BatonEvent>,
): SupersessionState => {
  switch (event.type) {
    case 'PhasePromoted': {
      const { host, hostKey, attempt, change } = event.data;
      if (change) runs.set(idOf(stream), { host, hostKey, attempt, changeId: change.id, cancelled: false });
      return runs;
    }
    case 'PhaseCancelRequested': {
      const run = runs.get(idOf(stream));
      if (run) run.cancelled = true;
      return runs;
    }
    case 'PhaseFinished':
      runs.delete(idOf(stream));
      return runs;
    case 'HostChangeSuperseded': {
      const { host, changeId, by } = event.data;
      const reason = metadata.reason ?? `superseded by ${by}`;
      for (const run of runs.values())
        if (run.host === host && run.changeId === changeId)
          run.owedTo ??= { eventId: id, actor: metadata.actor, reason };
      return runs;
    }
    default:
      return runs;
  }
};

const cancel = (phaseRunId: string, run: LiveRun): readonly DispatchCommand[] =>
  run.owedTo === undefined || run.cancelled
    ? []
    : [
        {
          commandId: deriveId(run.owedTo.eventId, 'supersession', 'cancel', phaseRunId),
          causationId: run.owedTo.eventId,
          correlationId: phaseRunId,
          actor: run.owedTo.actor,
          reason: run.owedTo.reason,
          target: 'phase_run',
          id: phaseRunId,
          command: { kind: 'CancelPhase', host: run.host, hostKey: run.hostKey, attempt: run.attempt },
        },
      ];

export const supersession: Process<BatonEvent, DispatchCommand, SupersessionState> = {
  name: 'supersession',
  version: 1,
  init: () => new Map(),
  evolve,
  react: (runs, { event, id }) =>
    event.type === 'HostChangeSuperseded'
      ? [...runs].flatMap(([phaseRunId, run]) => (run.owedTo?.eventId === id ? cancel(phaseRunId, run) : []))
      : [],
  tick: () => [],
  resume: (runs) => [...runs].flatMap(([phaseRunId, run]) => cancel(phaseRunId, run)),
};
