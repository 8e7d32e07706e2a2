/**
 * A runner: enrolled, probed, set anew, drained, paused, quarantined, retired.
 *
 *   none ─Enrol→ enrolled ─RequestRemoval→ enrolled, removing ─Retire→ retired ─Enrol→ enrolled, another runner of this name
 */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerEvent } from '../events/catalog.js';
import type { RunnerEnrolled, RunnerProved, RunnerSettingsChanged } from '../events/runner.js';
import type { Survivor } from '../events/shapes.js';
import { never, type Decider } from '../kernel/decider.js';
import { probeEvents, type Probed } from './runner-probe.js';
import { evolveRunner, type Enrolled, type RunnerSettings, type RunnerState } from './runner-state.js';

export type RunnerCommand =
  | {
      readonly kind: 'EnrolRunner';
      readonly data: RunnerEnrolled;
      readonly hostKey?: string;
      readonly jumpHostKey?: string;
    }
  | {
      readonly kind: 'PinHostKey';
      readonly fingerprint: string;
      readonly how: 'given' | 'known_hosts' | 'approved';
    }
  | { readonly kind: 'PinJumpHostKey'; readonly fingerprint: string; readonly how: 'given' | 'approved' }
  /** Only a key that was met there can be trusted; whoever trusts it names it. */
  | { readonly kind: 'TrustHostKey'; readonly fingerprint: string; readonly hop: Hop }
  | { readonly kind: 'RecordProbe'; readonly probe: Probed }
  | { readonly kind: 'RecordProof'; readonly proof: RunnerProved }
  | {
      readonly kind: 'ChangeSettings';
      readonly data: RunnerSettingsChanged;
      readonly jumpHostKey?: string;
    }
  | { readonly kind: 'DrainRunner' }
  | { readonly kind: 'PauseRunner'; readonly until?: string }
  /** `ifUntil`: only while the pause that ends then is still the current one. */
  | { readonly kind: 'ResumeRunner'; readonly ifUntil?: string }
  | { readonly kind: 'QuarantineRunner'; readonly why: string; readonly detail: string }
  | { readonly kind: 'ClearRunner'; readonly by: 'person' | 'probe' }
  | {
      readonly kind: 'QuarantineSlot';
      readonly slot: number;
      readonly why: string;
      readonly jobId: string;
      readonly survivors: readonly Survivor[];
      /** The slot in which the job ran, where it held this one as well. */
      readonly ranIn?: number;
    }
  | { readonly kind: 'ClearSlot'; readonly slot: number; readonly by: 'person' }
  /** `jobs`: those whose survivors were looked for; should another have left something there meanwhile, nothing is cleared. */
  | {
      readonly kind: 'ClearSlot';
      readonly slot: number;
      readonly by: 'probe';
      readonly jobs: readonly string[];
      readonly gone: readonly Survivor[];
    }
  | { readonly kind: 'RequestRemoval'; readonly cancelJobs: boolean }
  | { readonly kind: 'RetireRunner' }
  | { readonly kind: 'RecordKeyRemoved'; readonly secretRef: string };

/** Where a host key was shown: by the runner itself, or by the host on the way to it. */
export type Hop = 'runner' | 'jump';

export type RunnerRefusal =
  | { readonly code: 'runner_unknown' }
  | { readonly code: 'runner_exists' }
  | { readonly code: 'runner_retired' }
  | { readonly code: 'runner_removing' }
  | { readonly code: 'host_key_pinned'; readonly pinned: readonly string[]; readonly hop: Hop }
  | {
      readonly code: 'host_key_not_found';
      readonly found: string | undefined;
      readonly pinned: readonly string[];
      readonly hop: Hop;
    }
  | { readonly code: 'trust_needed'; readonly found: string; readonly hop: Hop }
  | { readonly code: 'no_jump_host' }
  /** Accounts of their own need folders of their own, which are named after one absolute path. */
  | { readonly code: 'base_not_absolute'; readonly base: string | undefined };

/** What of the settings is other than before; undefined when nothing is. */
const changed = (
  wanted: RunnerSettingsChanged,
  settings: RunnerSettings,
): RunnerSettingsChanged | undefined => {
  const before: Readonly<Record<string, unknown>> = { ...settings };
  const other = Object.entries(wanted).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  return other.length === 0 ? undefined : Object.fromEntries(other);
};

const isAbsolute = (base: string | undefined): boolean => base?.startsWith('/') === true;

type Decision = E.Either<RunnerRefusal, readonly RunnerEvent[]>;

const when = (needed: boolean, ...events: readonly RunnerEvent[]): Decision => E.right(needed ? events : []);

const jumpPin = (fingerprint: string | undefined, how: 'given' | 'approved'): readonly RunnerEvent[] =>
  fingerprint === undefined ? [] : [{ type: 'JumpHostKeyPinned', data: { fingerprint, how } }];

/** The first key is accepted so; another one later needs trust. */
const pin = (
  command: Extract<RunnerCommand, { kind: 'PinHostKey' | 'PinJumpHostKey' }>,
  state: Enrolled,
): Decision => {
  const { fingerprint } = command;
  const hop = command.kind === 'PinHostKey' ? 'runner' : 'jump';
  if (hop === 'jump' && state.settings.jump === '') return E.left({ code: 'no_jump_host' });
  const pinned = hop === 'runner' ? state.hostKeys : state.jumpHostKeys;
  if (pinned.includes(fingerprint)) return E.right([]);
  if (pinned.length > 0) return E.left({ code: 'host_key_pinned', pinned, hop });
  return E.right(
    command.kind === 'PinHostKey'
      ? [{ type: 'HostKeyPinned', data: { fingerprint, how: command.how } }]
      : jumpPin(fingerprint, command.how),
  );
};

const trust = (
  { fingerprint, hop }: Extract<RunnerCommand, { kind: 'TrustHostKey' }>,
  state: Enrolled,
): Decision => {
  const isRunner = hop === 'runner';
  const pinned = isRunner ? state.hostKeys : state.jumpHostKeys;
  const found = isRunner ? state.foundHostKey : state.foundJumpHostKey;
  if (found === undefined && pinned.length === 1 && pinned.includes(fingerprint)) return E.right([]);
  if (found !== fingerprint) return E.left({ code: 'host_key_not_found', found, pinned, hop });
  const data = { fingerprint, replaces: pinned };
  const other = isRunner ? state.foundJumpHostKey : state.foundHostKey;
  return E.right([
    isRunner ? { type: 'HostKeyTrusted', data } : { type: 'JumpHostKeyTrusted', data },
    ...(state.quarantine === 'host_key_changed' && other === undefined
      ? [{ type: 'RunnerCleared', data: { by: 'person' } } satisfies RunnerEvent]
      : []),
  ]);
};

const changeSettings = (
  { data, jumpHostKey }: Extract<RunnerCommand, { kind: 'ChangeSettings' }>,
  { settings, jumpHostKeys, base }: Enrolled,
): Decision => {
  const news = changed(data, settings);
  if (news?.isolated === true && !isAbsolute(base)) return E.left({ code: 'base_not_absolute', base });
  const jump = news?.jump ?? settings.jump;
  if (jumpHostKey !== undefined && jump === '') return E.left({ code: 'no_jump_host' });
  // another host on the way has other keys: those accepted before are not its
  const accepted = news?.jump === undefined ? jumpHostKeys : [];
  if (jumpHostKey !== undefined && accepted.length > 0 && !accepted.includes(jumpHostKey))
    return E.left({ code: 'host_key_pinned', pinned: accepted, hop: 'jump' });
  return E.right([
    ...(news === undefined ? [] : [{ type: 'RunnerSettingsChanged', data: news } satisfies RunnerEvent]),
    ...(jumpHostKey !== undefined && accepted.includes(jumpHostKey) ? [] : jumpPin(jumpHostKey, 'given')),
  ]);
};

/** Other slots, accounts or folders than were proved before. */
const isNews = ({ slots }: RunnerProved, { proved = [] }: Enrolled): boolean => {
  const told = (list: NonNullable<Enrolled['proved']>): string =>
    JSON.stringify(list.map(({ slot, user, baseId }) => [slot, user, baseId]));
  return told(slots) !== told(proved);
};

const soiledIn = (state: Enrolled, slot: number): readonly string[] =>
  state.soiled.filter((one) => one.slot === slot).map(({ jobId }) => jobId);

const clearSlot = (command: Extract<RunnerCommand, { kind: 'ClearSlot' }>, state: Enrolled): Decision => {
  const { slot, by } = command;
  const isBad = state.badSlots.includes(slot);
  if (command.by === 'person') return when(isBad, { type: 'SlotCleared', data: { slot, by } });
  const allSeen = soiledIn(state, slot).every((jobId) => command.jobs.includes(jobId));
  return when(isBad && allSeen, { type: 'SlotCleared', data: { slot, by, gone: command.gone } });
};

const NOT_WHILE_REMOVING: ReadonlySet<RunnerCommand['kind']> = new Set([
  'DrainRunner',
  'PauseRunner',
  'ResumeRunner',
  'ChangeSettings',
]);

const decide = (command: RunnerCommand, state: RunnerState): Decision => {
  if (command.kind === 'EnrolRunner') {
    if (state.status === 'enrolled') return E.left({ code: 'runner_exists' });
    const pinned: readonly RunnerEvent[] =
      command.hostKey === undefined
        ? []
        : [{ type: 'HostKeyPinned', data: { fingerprint: command.hostKey, how: 'given' } }];
    if (command.data.isolated === true && !isAbsolute(command.data.base))
      return E.left({ code: 'base_not_absolute', base: command.data.base });
    if (command.jumpHostKey !== undefined && (command.data.jump ?? '') === '')
      return E.left({ code: 'no_jump_host' });
    return E.right([
      { type: 'RunnerEnrolled', data: command.data },
      ...pinned,
      ...jumpPin(command.jumpHostKey, 'given'),
    ]);
  }
  if (state.status === 'none') return E.left({ code: 'runner_unknown' });
  if (command.kind === 'RecordKeyRemoved') {
    // of a runner that has the name now, no key is removed
    const stays = state.status === 'enrolled' && state.keys.includes(command.secretRef);
    return when(!stays && !state.keysRemoved.includes(command.secretRef), {
      type: 'RunnerKeyRemoved',
      data: { secretRef: command.secretRef },
    });
  }
  if (state.status === 'retired') return E.left({ code: 'runner_retired' });
  if (state.removing !== undefined && NOT_WHILE_REMOVING.has(command.kind))
    return E.left({ code: 'runner_removing' });
  switch (command.kind) {
    case 'PinHostKey':
    case 'PinJumpHostKey':
      return pin(command, state);
    case 'TrustHostKey':
      return trust(command, state);
    case 'RecordProbe':
      return E.right(probeEvents(command.probe, state));
    case 'RecordProof':
      return when(state.trial || isNews(command.proof, state), { type: 'RunnerProved', data: command.proof });
    case 'ChangeSettings':
      return changeSettings(command, state);
    case 'DrainRunner':
      return when(state.availability !== 'draining', { type: 'RunnerDrained', data: {} });
    case 'PauseRunner':
      return E.right([
        { type: 'RunnerPaused', data: command.until === undefined ? {} : { until: command.until } },
      ]);
    case 'ResumeRunner': {
      const current = command.ifUntil === undefined || command.ifUntil === state.pausedUntil;
      return when(current && state.availability !== 'open', { type: 'RunnerResumed', data: {} });
    }
    case 'QuarantineRunner':
      return when(state.quarantine === undefined, {
        type: 'RunnerQuarantined',
        data: { why: command.why, detail: command.detail },
      });
    case 'ClearRunner': {
      const { probe, foundHostKey, foundJumpHostKey } = state;
      if (state.quarantine === 'host_key_changed' && probe?.code === 'host_key_changed')
        return E.left(
          foundJumpHostKey === undefined
            ? { code: 'trust_needed', found: foundHostKey ?? '', hop: 'runner' }
            : { code: 'trust_needed', found: foundJumpHostKey, hop: 'jump' },
        );
      return when(state.quarantine !== undefined, { type: 'RunnerCleared', data: { by: command.by } });
    }
    case 'QuarantineSlot':
      return when(!soiledIn(state, command.slot).includes(command.jobId), {
        type: 'SlotQuarantined',
        data: {
          slot: command.slot,
          why: command.why,
          jobId: command.jobId,
          survivors: command.survivors,
          ...(command.ranIn === undefined ? {} : { ranIn: command.ranIn }),
        },
      });
    case 'ClearSlot':
      return clearSlot(command, state);
    case 'RequestRemoval':
      return when(state.removing === undefined || (command.cancelJobs && !state.removing.cancelJobs), {
        type: 'RunnerRemovalRequested',
        data: { cancelJobs: command.cancelJobs },
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
  evolve: evolveRunner,
};
