/** What several processes remember of runners: enough to know who can take a job now. */
import { brokenBy, noRules, type Compatibility } from '../domain/compatibility.js';
import type { RunnerSlots } from '../domain/dispatch-index.js';
import type { Candidate } from '../domain/matching.js';
import { isReachedOtherwise } from '../domain/runner-state.js';
import type { BatonEvent } from '../events/catalog.js';
import type { Attributes } from '../events/shapes.js';

export interface FleetRunner extends Candidate {
  attributes: Attributes;
  labels: readonly string[];
  enterprises: readonly string[];
  slots: number;
  /** Each slot has an account and a folder of its own. */
  isolated: boolean;
  probe:
    | { verdict: string; detail: string; baseId: string; bootId: string; slotBaseIds: readonly string[] }
    | undefined;
  /** It was not proved yet. */
  trial: boolean;
  availability: '' | 'is draining' | 'is paused';
  removing: boolean;
  quarantine: string;
  readonly badSlots: Set<number>;
  readonly busy: Map<number, string>;
}

export type Fleet = Map<string, FleetRunner>;

/** Folds runner events; jobs' slots are the business of the process that holds them. */
export const evolveFleet = (fleet: Fleet, name: string, event: BatonEvent): void => {
  if (event.type === 'RunnerEnrolled') {
    fleet.set(name, {
      name,
      attributes: {},
      labels: event.data.labels,
      enterprises: event.data.enterprises ?? [],
      slots: event.data.slots,
      isolated: event.data.isolated === true,
      probe: undefined,
      trial: event.data.trial === true,
      availability: '',
      removing: false,
      quarantine: '',
      badSlots: new Set(),
      busy: new Map(),
    });
    return;
  }
  const runner = fleet.get(name);
  if (!runner) return;
  switch (event.type) {
    case 'RunnerAttributesChanged':
      runner.attributes = event.data.attributes;
      return;
    case 'RunnerProbed': {
      const { verdict, detail = '', baseId = '', bootId = '', slotBaseIds = [] } = event.data;
      runner.probe = { verdict, detail, baseId, bootId, slotBaseIds };
      return;
    }
    case 'RunnerProved':
      runner.trial = false;
      return;
    case 'RunnerDrained':
      runner.availability = 'is draining';
      return;
    case 'RunnerPaused':
      runner.availability = 'is paused';
      return;
    case 'RunnerResumed':
      runner.availability = '';
      return;
    case 'RunnerQuarantined':
      runner.quarantine = event.data.detail;
      return;
    case 'RunnerCleared':
      runner.quarantine = '';
      return;
    case 'SlotQuarantined':
      runner.badSlots.add(event.data.slot);
      return;
    case 'SlotCleared':
      runner.badSlots.delete(event.data.slot);
      return;
    case 'RunnerSettingsChanged': {
      const { slots, labels, enterprises, isolated } = event.data;
      if (isReachedOtherwise(event.data, runner)) runner.probe = undefined;
      if (isolated !== undefined) runner.isolated = isolated;
      if (slots !== undefined) runner.slots = slots;
      if (labels !== undefined) runner.labels = labels;
      if (enterprises !== undefined) runner.enterprises = enterprises;
      return;
    }
    case 'RunnerRemovalRequested':
      runner.removing = true;
      return;
    case 'RunnerRetired':
      fleet.delete(name);
      return;
  }
};

/** The identity of Baton's folder for a slot, as it was probed last; undefined when it was not. */
export const baseIdOf = ({ isolated, probe }: FleetRunner, slot: number): string | undefined =>
  isolated ? probe?.slotBaseIds[slot] : probe?.baseId;

const hasUnseenSlot = ({ isolated, slots, probe }: FleetRunner): boolean =>
  isolated && (probe?.slotBaseIds.length ?? 0) < slots;

/** Empty when it can take jobs now; else why not. */
const unavailable = (runner: FleetRunner, suspicion: string, compatibility: Compatibility): string => {
  if (runner.removing) return 'is being removed';
  if (runner.quarantine !== '') return `is quarantined: ${runner.quarantine}`;
  // its quarantine follows as an event; until then it must not get the next job
  if (suspicion !== '') return `is about to be quarantined: ${suspicion}`;
  if (runner.availability !== '') return runner.availability;
  if (runner.trial) return `is on trial: its first job is awaited (baton runner prove ${runner.name})`;
  if (runner.probe === undefined || hasUnseenSlot(runner)) return 'was never tested (baton runner test)';
  if (runner.probe.verdict !== 'ready') return `is ${runner.probe.verdict}: ${runner.probe.detail}`;
  // the rules may be others than at its last probe
  const broken = brokenBy(compatibility, runner);
  if (broken !== '') return `is unfit: ${broken}`;
  if ([...runner.badSlots].filter((slot) => slot < runner.slots).length >= runner.slots)
    return 'has only slots in quarantine';
  return '';
};

/** After a cut of its slots jobs go on in those that are no more: as many of the others stay shut, so that the number holds. */
const shut = ({ slots, busy, badSlots }: FleetRunner): ReadonlySet<number> => {
  let beyond = [...busy.keys()].filter((slot) => slot >= slots).length;
  const closed = new Set(badSlots);
  for (let slot = slots - 1; slot >= 0 && beyond > 0; slot -= 1)
    if (!busy.has(slot) && !closed.has(slot)) {
      closed.add(slot);
      beyond -= 1;
    }
  return closed;
};

/** `suspicion`: why it is about to be quarantined, empty when it is not. */
export const slotsOf = (
  runner: FleetRunner,
  suspicion = '',
  compatibility: Compatibility = noRules,
): RunnerSlots => ({
  name: runner.name,
  attributes: runner.attributes,
  labels: runner.labels,
  enterprises: runner.enterprises,
  unavailable: unavailable(runner, suspicion, compatibility),
  untested: runner.probe === undefined,
  slots: runner.slots,
  busy: runner.busy,
  quarantined: runner.badSlots,
  shut: shut(runner),
});
