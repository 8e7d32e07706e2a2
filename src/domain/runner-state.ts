/** What a runner's events say of it, as far as its next decision needs it; and where and how it is reached. */
import type { RunnerEvent } from '../events/catalog.js';
import type { ProvedSlot, RunnerAuth, RunnerSettingsChanged } from '../events/runner.js';
import type { Attributes, Survivor } from '../events/shapes.js';
import { never } from '../kernel/decider.js';

/** What a person sets. An empty `jump`: reached directly. */
export interface RunnerSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly auth: RunnerAuth;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly jump: string;
  /** Whose jobs it takes; none named: everybody's. */
  readonly enterprises: readonly string[];
  /** Each slot has an account and a folder of its own. */
  readonly isolated: boolean;
}

export interface Enrolled {
  readonly status: 'enrolled';
  readonly settings: RunnerSettings;
  /** Baton's folder there; absent: the usual one. */
  readonly base?: string;
  readonly hostKeys: readonly string[];
  readonly foundHostKey?: string;
  readonly jumpHostKeys: readonly string[];
  readonly foundJumpHostKey?: string;
  readonly attributes: Attributes;
  readonly probe?: {
    readonly verdict: string;
    readonly code: string;
    readonly baseId: string;
    readonly bootId: string;
    /** Slot by slot, where each has a folder of its own. */
    readonly slotBaseIds: readonly string[];
  };
  /** It takes no jobs before it is proved. */
  readonly trial: boolean;
  /** Who ran jobs in which folder, slot by slot, when it was proved last. */
  readonly proved?: readonly Pick<ProvedSlot, 'slot' | 'user' | 'baseId'>[];
  readonly availability: 'open' | 'draining' | 'paused';
  readonly pausedUntil?: string;
  readonly removing?: { readonly cancelJobs: boolean };
  readonly quarantine?: string;
  /** How the last recorded probe of this quarantine ended. */
  readonly recovery?: 'passed' | 'failed';
  readonly badSlots: readonly number[];
  /** Why each of them is bad; a slot may be so for several jobs. */
  readonly soiled: readonly Soiled[];
  /** References of all private keys that it had since it was enrolled. */
  readonly keys: readonly string[];
  /** Those of runners that had its name before, as far as they are removed. */
  readonly keysRemoved: readonly string[];
}

/** What a job left in a slot; without `survivors` nobody knows what to look for. */
export interface Soiled {
  readonly slot: number;
  readonly jobId: string;
  readonly survivors?: readonly Survivor[];
  /** The slot in which the job ran; absent: in this one. */
  readonly ranIn?: number;
}

export type RunnerState =
  | { readonly status: 'none' }
  | {
      readonly status: 'retired';
      readonly last: Enrolled | undefined;
      readonly keysRemoved: readonly string[];
    }
  | Enrolled;

const without = <T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> => {
  const rest: Partial<T> = { ...value };
  for (const key of keys) Reflect.deleteProperty(rest, key);
  return rest as Omit<T, K>;
};

const REACH = ['host', 'port', 'user', 'auth', 'jump'] as const;

/**
 * True when the settings say that another place, or another way to it, is meant: what was probed before is not it. With an account
 * for each slot, a further slot is another place.
 */
export const isReachedOtherwise = (
  data: RunnerSettingsChanged,
  before: { readonly slots: number; readonly isolated?: boolean },
): boolean => {
  const { isolated: wasIsolated = false } = before;
  const { slots = before.slots, isolated = wasIsolated } = data;
  return (
    REACH.some((name) => data[name] !== undefined) ||
    isolated !== wasIsolated ||
    (isolated && slots > before.slots)
  );
};

const refsOf = (auth: RunnerAuth): readonly string[] => (auth.kind === 'key' ? [auth.secretRef] : []);

const evolveEnrolled = (state: Enrolled, event: RunnerEvent): Enrolled => {
  switch (event.type) {
    case 'RunnerEnrolled':
    case 'RunnerRetired':
      return state;
    case 'RunnerKeyRemoved':
      return { ...state, keysRemoved: [...state.keysRemoved, event.data.secretRef] };
    case 'RunnerSettingsChanged': {
      const settings: RunnerSettings = { ...state.settings, ...event.data };
      const next = { ...state, settings, keys: [...new Set([...state.keys, ...refsOf(settings.auth)])] };
      if (event.data.jump !== undefined)
        return { ...without(next, 'probe', 'foundJumpHostKey'), jumpHostKeys: [] };
      return isReachedOtherwise(event.data, state.settings) ? without(next, 'probe') : next;
    }
    case 'HostKeyPinned':
      return { ...without(state, 'foundHostKey'), hostKeys: [...state.hostKeys, event.data.fingerprint] };
    case 'HostKeyTrusted':
      return { ...without(state, 'foundHostKey'), hostKeys: [event.data.fingerprint] };
    case 'HostKeyChanged':
      return { ...state, foundHostKey: event.data.found };
    case 'JumpHostKeyPinned':
      return {
        ...without(state, 'foundJumpHostKey'),
        jumpHostKeys: [...state.jumpHostKeys, event.data.fingerprint],
      };
    case 'JumpHostKeyTrusted':
      return { ...without(state, 'foundJumpHostKey'), jumpHostKeys: [event.data.fingerprint] };
    case 'JumpHostKeyChanged':
      return { ...state, foundJumpHostKey: event.data.found };
    case 'RunnerAttributesChanged':
      return { ...state, attributes: event.data.attributes };
    case 'RunnerProbed': {
      const { verdict, code = '', baseId = '', bootId = '', slotBaseIds = [] } = event.data;
      return { ...state, probe: { verdict, code, baseId, bootId, slotBaseIds } };
    }
    case 'RunnerProved': {
      const proved = event.data.slots.map(({ slot, user, baseId }) => ({ slot, user, baseId }));
      return { ...state, trial: false, proved };
    }
    case 'RunnerDrained':
      return { ...without(state, 'pausedUntil'), availability: 'draining' };
    case 'RunnerPaused': {
      const { until } = event.data;
      return {
        ...without(state, 'pausedUntil'),
        availability: 'paused',
        ...(until === undefined ? {} : { pausedUntil: until }),
      };
    }
    case 'RunnerResumed':
      return { ...without(state, 'pausedUntil'), availability: 'open' };
    case 'RunnerQuarantined':
      return { ...without(state, 'recovery'), quarantine: event.data.why };
    case 'RecoveryProbed':
      return { ...state, recovery: event.data.passed ? 'passed' : 'failed' };
    case 'RunnerCleared':
      return without(state, 'quarantine', 'recovery', 'foundHostKey', 'foundJumpHostKey');
    case 'SlotQuarantined':
      return {
        ...state,
        badSlots: [...new Set([...state.badSlots, event.data.slot])],
        soiled: [...state.soiled, event.data],
      };
    case 'SlotCleared':
      return {
        ...state,
        badSlots: state.badSlots.filter((slot) => slot !== event.data.slot),
        soiled: state.soiled.filter(({ slot }) => slot !== event.data.slot),
      };
    case 'RunnerRemovalRequested':
      return { ...state, removing: { cancelJobs: event.data.cancelJobs } };
    default:
      return never(event);
  }
};

/**
 * Folds one event of the stream. A retired runner keeps what was known last: its jobs may still have to be reached. Enrolled again,
 * nothing is known of it but which keys of the former one are gone.
 */
export const evolveRunner = (state: RunnerState, event: RunnerEvent): RunnerState => {
  if (event.type === 'RunnerEnrolled') {
    const { host, port, user, auth, slots, labels, jump = '', enterprises = [], base } = event.data;
    const { isolated = false } = event.data;
    return {
      status: 'enrolled',
      settings: { host, port, user, auth, slots, labels, jump, enterprises, isolated },
      ...(base === undefined ? {} : { base }),
      hostKeys: [],
      jumpHostKeys: [],
      attributes: {},
      trial: event.data.trial === true,
      availability: 'open',
      badSlots: [],
      soiled: [],
      keys: refsOf(auth),
      keysRemoved: state.status === 'none' ? [] : state.keysRemoved,
    };
  }
  if (event.type === 'RunnerRetired')
    return {
      status: 'retired',
      last: state.status === 'enrolled' ? state : undefined,
      keysRemoved: state.status === 'none' ? [] : state.keysRemoved,
    };
  if (state.status === 'retired')
    return event.type === 'RunnerKeyRemoved'
      ? { ...state, keysRemoved: [...state.keysRemoved, event.data.secretRef] }
      : state;
  return state.status === 'enrolled' ? evolveEnrolled(state, event) : state;
};
