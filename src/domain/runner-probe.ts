/** What of a probe is history? Only what changed: one that finds the same again is evidence with its age, and no event. */
import type { RunnerEvent } from '../events/catalog.js';
import type { Finding } from '../events/runner.js';
import type { Attributes } from '../events/shapes.js';
import type { Enrolled } from './runner-state.js';

/** What a probe found. */
export interface Probed {
  readonly verdict: 'ready' | 'unfit' | 'unreachable';
  readonly findings: readonly Finding[];
  readonly code?: string;
  readonly detail?: string;
  readonly baseId?: string;
  readonly bootId?: string;
  /** Slot by slot, where each has a folder of its own; `baseId` is that of the first. */
  readonly slotBaseIds?: readonly string[];
  /** Only this slot's account was looked at, and `baseId` is its folder's. */
  readonly slot?: number;
  readonly latencyMs?: number;
  readonly attributes?: Attributes;
  /** The host key that was met and is not accepted; at the jump host the other one. */
  readonly foundHostKey?: string;
  readonly foundJumpHostKey?: string;
  /** Nobody asked for it: it counts for the recovery from a quarantine. */
  readonly automatic?: boolean;
}

const sameAttributes = (a: Attributes, b: Attributes): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

const quarantined = (state: Enrolled, detail: string): readonly RunnerEvent[] =>
  state.quarantine === undefined
    ? [{ type: 'RunnerQuarantined', data: { why: 'host_key_changed', detail } }]
    : [];

const keyEvents = ({ foundHostKey, foundJumpHostKey }: Probed, state: Enrolled): readonly RunnerEvent[] => {
  if (foundHostKey !== undefined && state.hostKeys.length > 0 && foundHostKey !== state.foundHostKey)
    return [
      { type: 'HostKeyChanged', data: { expected: state.hostKeys, found: foundHostKey } },
      ...quarantined(state, `It now shows the host key ${foundHostKey}.`),
    ];
  if (
    foundJumpHostKey !== undefined &&
    state.jumpHostKeys.length > 0 &&
    foundJumpHostKey !== state.foundJumpHostKey
  )
    return [
      { type: 'JumpHostKeyChanged', data: { expected: state.jumpHostKeys, found: foundJumpHostKey } },
      ...quarantined(state, `Its jump host now shows the host key ${foundJumpHostKey}.`),
    ];
  return [];
};

/** They cost time, or hurt jobs that look at the clock; none of them keeps a job from running. */
const ADVICE: ReadonlySet<string> = new Set(['sessions', 'clock']);

/** In quarantine for its failures each clean probe counts; failed ones in a row say the same, so the first is enough. */
const recoveryEvents = (probe: Probed, state: Enrolled): readonly RunnerEvent[] => {
  if (probe.automatic !== true || state.quarantine !== 'repeated_failures') return [];
  const bad = probe.findings.filter(({ check, ok }) => !ok && !ADVICE.has(check)).map(({ check }) => check);
  if (probe.verdict === 'ready' && bad.length === 0)
    return [{ type: 'RecoveryProbed', data: { passed: true } }];
  if (state.recovery === 'failed') return [];
  const detail = probe.detail ?? `not well: ${bad.join(', ')}`;
  return [{ type: 'RecoveryProbed', data: { passed: false, detail } }];
};

type Folders = Pick<NonNullable<Enrolled['probe']>, 'baseId' | 'slotBaseIds'>;

/** What is known of the folders after this probe. */
const foldersOf = ({ baseId, slotBaseIds, slot }: Probed, { settings, probe }: Enrolled): Folders => {
  const known = probe?.slotBaseIds ?? [];
  if (!settings.isolated) return { baseId: baseId ?? probe?.baseId ?? '', slotBaseIds: [] };
  if (slot === undefined || baseId === undefined)
    return { baseId: baseId ?? probe?.baseId ?? '', slotBaseIds: slotBaseIds ?? known };
  return {
    baseId: slot === 0 ? baseId : (probe?.baseId ?? ''),
    slotBaseIds: known.map((id, n) => (n === slot ? baseId : id)),
  };
};

const verdictEvents = (probe: Probed, state: Enrolled): readonly RunnerEvent[] => {
  const { verdict, findings, code = '', detail, latencyMs } = probe;
  const known = state.probe;
  const { baseId, slotBaseIds } = foldersOf(probe, state);
  // who saw one slot again, or only that the link is back, cannot speak for slots that were not looked at since they are reached so
  if (verdict === 'ready' && state.settings.isolated && slotBaseIds.length < state.settings.slots) return [];
  const bootId = probe.bootId ?? known?.bootId ?? '';
  const sameFolders = known?.baseId === baseId && known.slotBaseIds.join(' ') === slotBaseIds.join(' ');
  if (known?.verdict === verdict && known.code === code && sameFolders && known.bootId === bootId) return [];
  return [
    {
      type: 'RunnerProbed',
      data: {
        ...{ verdict, findings, code },
        ...(detail === undefined ? {} : { detail }),
        ...{ baseId, bootId },
        ...(slotBaseIds.length === 0 ? {} : { slotBaseIds }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
      },
    },
  ];
};

/** It stumbled over a key that has been accepted since it began, so it says nothing of the runner as it is now. */
const isOutdated = ({ foundHostKey, foundJumpHostKey }: Probed, state: Enrolled): boolean =>
  (foundHostKey !== undefined && state.hostKeys.includes(foundHostKey)) ||
  (foundJumpHostKey !== undefined && state.jumpHostKeys.includes(foundJumpHostKey));

/** The events of one probe, in their order. */
export const probeEvents = (probe: Probed, state: Enrolled): readonly RunnerEvent[] =>
  isOutdated(probe, state)
    ? []
    : [
        ...keyEvents(probe, state),
        ...(probe.attributes !== undefined && !sameAttributes(probe.attributes, state.attributes)
          ? [
              {
                type: 'RunnerAttributesChanged',
                data: { attributes: probe.attributes },
              } satisfies RunnerEvent,
            ]
          : []),
        ...verdictEvents(probe, state),
        ...recoveryEvents(probe, state),
      ];
