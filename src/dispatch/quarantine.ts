/**
 * Process: a runner that fails its jobs in a row is taken out, and comes back after clean probes in a row. Each time that it is
 * taken out again it must show twice as many, up to a bound; ten jobs in a row that succeed, or a person, make it as good as new.
 */
import { evolveFailures, noFailures, struckBy, type Failures } from '../domain/failures.js';
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf, type DispatchCommand } from './commands.js';

export const CLEAN_PROBES = 3;
const MOST_CLEAN_PROBES = 24;
const GOOD_AS_NEW = 10;

interface Patient {
  quarantined: '' | 'failures' | 'other';
  /** How often it was taken out for failures since it was as good as new. */
  times: number;
  passes: number;
  /** The probe that made its passes enough. */
  passedBy: string | undefined;
  successes: number;
}

export interface QuarantineState {
  readonly failures: Failures;
  readonly patients: Map<string, Patient>;
}

const needed = (times: number): number =>
  Math.min(CLEAN_PROBES * 2 ** Math.max(0, times - 1), MOST_CLEAN_PROBES);

const evolvePatient = (patient: Patient, { event, id }: Recorded<BatonEvent>): void => {
  switch (event.type) {
    case 'RunnerQuarantined': {
      const forFailures = event.data.why === 'repeated_failures';
      patient.quarantined = forFailures ? 'failures' : 'other';
      patient.times += forFailures ? 1 : 0;
      Object.assign(patient, { passes: 0, passedBy: undefined, successes: 0 });
      return;
    }
    case 'RecoveryProbed':
      patient.passes = event.data.passed ? patient.passes + 1 : 0;
      if (!event.data.passed) patient.passedBy = undefined;
      else if (patient.passes >= needed(patient.times)) patient.passedBy ??= id;
      return;
    case 'RunnerCleared':
      patient.quarantined = '';
      if (event.data.by === 'person') patient.times = 0;
      return;
  }
};

const evolve = (state: QuarantineState, recorded: Recorded<BatonEvent>): QuarantineState => {
  const { stream, event } = recorded;
  const id = idOf(stream);
  if (event.type === 'RunnerEnrolled')
    state.patients.set(id, { quarantined: '', times: 0, passes: 0, passedBy: undefined, successes: 0 });
  else if (event.type === 'RunnerRemovalRequested' || event.type === 'RunnerRetired')
    state.patients.delete(id);
  else if (event.type === 'JobSucceeded') {
    const patient = state.patients.get(state.failures.jobs.get(id)?.runner ?? '');
    if (patient !== undefined && ++patient.successes >= GOOD_AS_NEW) patient.times = 0;
  } else {
    const patient = stream.startsWith('runner-') ? state.patients.get(id) : undefined;
    if (patient !== undefined) evolvePatient(patient, recorded);
  }
  evolveFailures(state.failures, recorded);
  return state;
};

const owed = (state: QuarantineState, name: string, patient: Patient): readonly DispatchCommand[] => {
  const about = { correlationId: name, target: 'runner', id: name } as const;
  if (patient.quarantined === 'failures' && patient.passedBy !== undefined)
    return [
      {
        ...about,
        commandId: deriveId(patient.passedBy, 'quarantine', 'clear'),
        causationId: patient.passedBy,
        reason: `${patient.passes} clean probes in a row`,
        command: { kind: 'ClearRunner', by: 'probe' },
      },
    ];
  const struck = patient.quarantined === '' ? struckBy(state.failures, name) : undefined;
  if (struck === undefined) return [];
  const clean = needed(patient.times + 1);
  return [
    {
      ...about,
      commandId: deriveId(struck.eventId, 'quarantine', 'set'),
      causationId: struck.eventId,
      command: {
        kind: 'QuarantineRunner',
        why: 'repeated_failures',
        detail: `${struck.detail} It comes back after ${clean} clean probes in a row, or when a person clears it.`,
      },
    },
  ];
};

const all = (state: QuarantineState): readonly DispatchCommand[] =>
  [...state.patients].flatMap(([name, patient]) => owed(state, name, patient));

const MATTERS: ReadonlySet<string> = new Set([
  ...['JobRequeued', 'JobLost', 'JobUndeliverable', 'JobFailed', 'RecoveryProbed', 'RunnerCleared'],
]);

export const quarantine: Process<BatonEvent, DispatchCommand, QuarantineState> = {
  name: 'quarantine',
  version: 1,
  init: () => ({ failures: noFailures(), patients: new Map() }),
  evolve,
  react: (state, { event }) => (MATTERS.has(event.type) ? all(state) : []),
  tick: () => [],
  resume: all,
};
