/**
 * A runner: enrolled once, probed, drained, paused, quarantined, retired last.
 *
 *   none ─Enrol→ enrolled ─Retire→ retired (its name stays taken: history speaks of it)
 */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerEvent } from '../events/catalog.js';
import type { Finding, RunnerEnrolled } from '../events/runner.js';
import type { Attributes } from '../events/shapes.js';
import { never, type Decider } from '../kernel/decider.js';

/** What a probe found. */
export interface Probed {
  readonly verdict: 'ready' | 'unfit' | 'unreachable';
  readonly findings: readonly Finding[];
  readonly code?: string;
  readonly detail?: string;
  readonly baseId?: string;
  readonly bootId?: string;
  readonly latencyMs?: number;
  readonly attributes?: Attributes;
  /** The host key that was met and is not accepted. */
  readonly foundHostKey?: string;
}

export type RunnerCommand =
  | { readonly kind: 'EnrolRunner'; readonly data: RunnerEnrolled; readonly hostKey?: string }
  | {
      readonly kind: 'PinHostKey';
      readonly fingerprint: string;
      readonly how: 'given' | 'known_hosts' | 'approved';
    }
  | { readonly kind: 'TrustHostKey'; readonly fingerprint: string }
  | { readonly kind: 'RecordProbe'; readonly probe: Probed }
  | { readonly kind: 'DrainRunner' }
  | { readonly kind: 'PauseRunner'; readonly until?: string }
  | { readonly kind: 'ResumeRunner' }
  | { readonly kind: 'QuarantineRunner'; readonly why: string; readonly detail: string }
  | { readonly kind: 'ClearRunner'; readonly by: 'person' | 'probe' }
  | { readonly kind: 'QuarantineSlot'; readonly slot: number; readonly why: string; readonly jobId: string }
  | { readonly kind: 'ClearSlot'; readonly slot: number; readonly by: 'person' | 'probe' }
  | { readonly kind: 'RetireRunner' };

export type RunnerRefusal =
  | { readonly code: 'runner_unknown' }
  | { readonly code: 'runner_exists' }
  | { readonly code: 'runner_retired' }
  | { readonly code: 'host_key_pinned'; readonly pinned: readonly string[] };

export interface Enrolled {
  readonly status: 'enrolled';
  readonly hostKeys: readonly string[];
  readonly foundHostKey?: string;
  readonly attributes: Attributes;
  readonly probe?: {
    readonly verdict: string;
    readonly code: string;
    readonly baseId: string;
    readonly bootId: string;
  };
  readonly availability: 'open' | 'draining' | 'paused';
  readonly quarantine?: string;
  readonly badSlots: readonly number[];
}
export type RunnerState = { readonly status: 'none' } | { readonly status: 'retired' } | Enrolled;

const without = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value;
  return rest;
};

const evolve = (state: RunnerState, event: RunnerEvent): RunnerState => {
  if (event.type === 'RunnerEnrolled')
    return { status: 'enrolled', hostKeys: [], attributes: {}, availability: 'open', badSlots: [] };
  if (event.type === 'RunnerRetired') return { status: 'retired' };
  if (state.status !== 'enrolled') return state;
  switch (event.type) {
    case 'HostKeyPinned':
      return { ...without(state, 'foundHostKey'), hostKeys: [...state.hostKeys, event.data.fingerprint] };
    case 'HostKeyTrusted':
      return { ...without(state, 'foundHostKey'), hostKeys: [event.data.fingerprint] };
    case 'HostKeyChanged':
      return { ...state, foundHostKey: event.data.found };
    case 'RunnerAttributesChanged':
      return { ...state, attributes: event.data.attributes };
    case 'RunnerProbed': {
      const { verdict, code = '', baseId = '', bootId = '' } = event.data;
      return { ...state, probe: { verdict, code, baseId, bootId } };
    }
    case 'RunnerDrained':
      return { ...state, availability: 'draining' };
    case 'RunnerPaused':
      return { ...state, availability: 'paused' };
    case 'RunnerResumed':
      return { ...state, availability: 'open' };
    case 'RunnerQuarantined':
      return { ...state, quarantine: event.data.why };
    case 'RunnerCleared':
      return without(state, 'quarantine');
    case 'SlotQuarantined':
      return { ...state, badSlots: [...new Set([...state.badSlots, event.data.slot])] };
    case 'SlotCleared':
      return { ...state, badSlots: state.badSlots.filter((slot) => slot !== event.data.slot) };
    default:
      return never(event);
  }
};

const sameAttributes = (a: Attributes, b: Attributes): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

/** Only what changed becomes an event: a probe that finds the same again is evidence, not history. */
const probeEvents = (probe: Probed, state: Enrolled): readonly RunnerEvent[] => {
  const events: RunnerEvent[] = [];
  const { verdict, code = '', attributes, foundHostKey } = probe;
  const baseId = probe.baseId ?? state.probe?.baseId ?? '';
  const bootId = probe.bootId ?? state.probe?.bootId ?? '';
  if (foundHostKey !== undefined && state.hostKeys.length > 0 && foundHostKey !== state.foundHostKey) {
    events.push({ type: 'HostKeyChanged', data: { expected: state.hostKeys, found: foundHostKey } });
    if (state.quarantine === undefined)
      events.push({
        type: 'RunnerQuarantined',
        data: { why: 'host_key_changed', detail: `It now shows the host key ${foundHostKey}.` },
      });
  }
  if (attributes !== undefined && !sameAttributes(attributes, state.attributes))
    events.push({ type: 'RunnerAttributesChanged', data: { attributes } });
  const known = state.probe;
  if (known?.verdict !== verdict || known.code !== code || known.baseId !== baseId || known.bootId !== bootId)
    events.push({
      type: 'RunnerProbed',
      data: {
        verdict,
        findings: probe.findings,
        code,
        ...(probe.detail === undefined ? {} : { detail: probe.detail }),
        baseId,
        bootId,
        ...(probe.latencyMs === undefined ? {} : { latencyMs: probe.latencyMs }),
      },
    });
  return events;
};

const decide = (
  command: RunnerCommand,
  state: RunnerState,
): E.Either<RunnerRefusal, readonly RunnerEvent[]> => {
  if (command.kind === 'EnrolRunner') {
    if (state.status !== 'none')
      return E.left({ code: state.status === 'retired' ? 'runner_retired' : 'runner_exists' });
    const pinned: readonly RunnerEvent[] =
      command.hostKey === undefined
        ? []
        : [{ type: 'HostKeyPinned', data: { fingerprint: command.hostKey, how: 'given' } }];
    return E.right([{ type: 'RunnerEnrolled', data: command.data }, ...pinned]);
  }
  if (state.status === 'none') return E.left({ code: 'runner_unknown' });
  if (state.status === 'retired') return E.left({ code: 'runner_retired' });
  const when = (
    needed: boolean,
    ...events: readonly RunnerEvent[]
  ): E.Either<RunnerRefusal, readonly RunnerEvent[]> => E.right(needed ? events : []);
  switch (command.kind) {
    case 'PinHostKey':
      if (state.hostKeys.includes(command.fingerprint)) return E.right([]);
      if (state.hostKeys.length > 0) return E.left({ code: 'host_key_pinned', pinned: state.hostKeys });
      return E.right([
        { type: 'HostKeyPinned', data: { fingerprint: command.fingerprint, how: command.how } },
      ]);
    case 'TrustHostKey':
      return when(
        state.hostKeys.length !== 1 || !state.hostKeys.includes(command.fingerprint),
        { type: 'HostKeyTrusted', data: { fingerprint: command.fingerprint, replaces: state.hostKeys } },
        ...(state.quarantine === 'host_key_changed'
          ? [{ type: 'RunnerCleared', data: { by: 'person' } } satisfies RunnerEvent]
          : []),
      );
    case 'RecordProbe':
      return E.right(probeEvents(command.probe, state));
    case 'DrainRunner':
      return when(state.availability !== 'draining', { type: 'RunnerDrained', data: {} });
    case 'PauseRunner':
      return E.right([
        { type: 'RunnerPaused', data: command.until === undefined ? {} : { until: command.until } },
      ]);
    case 'ResumeRunner':
      return when(state.availability !== 'open', { type: 'RunnerResumed', data: {} });
    case 'QuarantineRunner':
      return when(state.quarantine === undefined, {
        type: 'RunnerQuarantined',
        data: { why: command.why, detail: command.detail },
      });
    case 'ClearRunner':
      return when(state.quarantine !== undefined, { type: 'RunnerCleared', data: { by: command.by } });
    case 'QuarantineSlot':
      return when(!state.badSlots.includes(command.slot), {
        type: 'SlotQuarantined',
        data: { slot: command.slot, why: command.why, jobId: command.jobId },
      });
    case 'ClearSlot':
      return when(state.badSlots.includes(command.slot), {
        type: 'SlotCleared',
        data: { slot: command.slot, by: command.by },
      });
    case 'RetireRunner':
      return E.right([{ type: 'RunnerRetired', data: {} }]);
    default:
      return never(command);
  }
};

export const runner: Decider<RunnerCommand, RunnerState, RunnerEvent, RunnerRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
