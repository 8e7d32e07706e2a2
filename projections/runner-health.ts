/** Every runner with the evidence for its state; the reader adds the evidence's age. */
import { isReachedOtherwise } from '../src/domain/runner-state.js';
import type { BatonEvent, JobEvent, RunnerEvent } from '../src/events/catalog.js';
import { isJobEvent, isRunnerEvent } from '../src/events/catalog.js';
import type { Finding, RunnerEnrolled, RunnerProved, RunnerSettingsChanged } from '../src/events/runner.js';
import type { Attributes, Outcome } from '../src/events/shapes.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Metadata, Recorded } from '../src/kernel/recorded.js';
import { millisBetween } from '../src/kernel/time.js';
import { isJobEnd, outcomeOf } from './summary.js';
import { drop, find, idIn, put } from './table.js';

export interface RunnerView {
  readonly name: string;
  host: string;
  port: number;
  user: string;
  slots: number;
  /** Slot n has an account of its own, `<user>-<n>`; absent: all share one. */
  isolated?: true;
  labels: readonly string[];
  hostKeys: readonly string[];
  /** How Baton proves itself there. */
  auth: 'key' | 'agent';
  publicKey?: string;
  /** `user@host[:port]` of the host on the way, and what is accepted and was found there. */
  jump?: string;
  jumpHostKeys?: readonly string[];
  foundJumpHostKey?: string;
  attributes: Attributes;
  /** Whose jobs it takes; absent: everybody's. */
  enterprises?: readonly string[];
  /** Enrolled and never probed, or on trial: `untested`. */
  state:
    | 'untested'
    | 'ready'
    | 'unfit'
    | 'unreachable'
    | 'draining'
    | 'paused'
    | 'quarantined'
    | 'removing'
    | 'retired';
  /** Why it is not ready, in words. */
  detail?: string;
  /** The last recorded probe (recorded when its verdict changed). */
  probe?: {
    readonly at: string;
    readonly verdict: string;
    readonly code?: string;
    readonly detail?: string;
    readonly latencyMs?: number;
    readonly findings: readonly Finding[];
  };
  /** The last recorded proof: of each slot as whom its job ran, and the bytes of output that were seen. */
  proved?: { readonly at: string; readonly slots: RunnerProved['slots'] };
  /** Host key that was found and is not accepted. */
  foundHostKey?: string;
  /** Instant at which a pause is over. */
  pausedUntil?: string;
  /** `cleanProbes`: automatic ones in a row since it began. */
  quarantine?: { readonly why: string; readonly at: string; cleanProbes: number };
  /** Slot → job that holds it now. */
  current: Record<string, string>;
  quarantinedSlots: readonly number[];
  /** Newest first, at most 20. `ranMs`: of the last attempt, if that had started. */
  lastOutcomes: {
    readonly jobId: string;
    readonly outcome: Outcome;
    readonly at: string;
    readonly ranMs?: number;
  }[];
  revision: number;
}

/** What keeps a runner from taking jobs, each set and lifted on its own; the strongest gives the state. */
interface Gates {
  trial?: string;
  retired?: string;
  removing?: string;
  quarantined?: string;
  paused?: string;
  draining?: string;
}

/** Runners by name, their gates, and by job id the slots that the job holds. */
export interface RunnerHealthView {
  runners: Record<string, RunnerView>;
  gates: Record<string, Gates>;
  held: Record<string, Held>;
}

/** The slots that a job holds, and since when it runs there. */
interface Held {
  readonly runner: string;
  readonly slots: readonly string[];
  startedAt?: string;
}

const OUTCOMES_KEPT = 20;

/** OpenSSH's form of a host key's fingerprint. */
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

const enrolled = (name: string, data: RunnerEnrolled, revision: number): RunnerView => ({
  name,
  host: data.host,
  port: data.port,
  user: data.user,
  slots: data.slots,
  ...(data.isolated === true ? { isolated: true } : {}),
  labels: data.labels,
  hostKeys: [],
  auth: data.auth.kind,
  ...(data.auth.kind === 'key' ? { publicKey: data.auth.publicKey } : {}),
  ...((data.jump ?? '') === '' ? {} : { jump: data.jump, jumpHostKeys: [] }),
  ...((data.enterprises ?? []).length === 0 ? {} : { enterprises: data.enterprises }),
  attributes: {},
  state: 'untested',
  current: {},
  quarantinedSlots: [],
  lastOutcomes: [],
  revision,
});

type StateNow = Pick<RunnerView, 'state' | 'detail'>;

const stateOf = ({ probe }: RunnerView, gates: Gates): StateNow => {
  if (gates.retired !== undefined) return { state: 'retired', detail: gates.retired };
  if (gates.removing !== undefined) return { state: 'removing', detail: gates.removing };
  if (gates.quarantined !== undefined) return { state: 'quarantined', detail: gates.quarantined };
  if (gates.paused !== undefined) return { state: 'paused', detail: gates.paused };
  if (gates.draining !== undefined) return { state: 'draining', detail: gates.draining };
  if (gates.trial !== undefined) return { state: 'untested', detail: gates.trial };
  if (probe === undefined) return { state: 'untested' };
  if (probe.verdict === 'ready') return { state: 'ready' };
  const detail =
    probe.detail ??
    probe.findings.find(({ ok }) => !ok)?.consequence ??
    probe.code ??
    'no detail was recorded';
  return { state: probe.verdict === 'unfit' ? 'unfit' : 'unreachable', detail };
};

const told = (what: string, { actor, reason }: Metadata): string =>
  `${what} by ${actor}${reason === undefined ? '' : `: ${reason}`}`;

const without = <A>(list: readonly A[], removed: readonly A[]): readonly A[] =>
  list.filter((item) => !removed.includes(item));

/** An absent member stays as it was; another place, or way to it, was not probed yet. */
const settle = (runner: RunnerView, data: RunnerSettingsChanged): void => {
  const { auth, jump, host, port, user, slots, labels, enterprises, isolated } = data;
  if (isReachedOtherwise(data, runner)) delete runner.probe;
  if (isolated !== undefined) {
    delete runner.isolated;
    if (isolated) runner.isolated = true;
  }
  if (host !== undefined) runner.host = host;
  if (port !== undefined) runner.port = port;
  if (user !== undefined) runner.user = user;
  if (slots !== undefined) runner.slots = slots;
  if (labels !== undefined) runner.labels = labels;
  if (enterprises !== undefined) {
    delete runner.enterprises;
    if (enterprises.length > 0) runner.enterprises = enterprises;
  }
  if (auth !== undefined) {
    runner.auth = auth.kind;
    delete runner.publicKey;
    if (auth.kind === 'key') runner.publicKey = auth.publicKey;
  }
  if (jump !== undefined) {
    delete runner.jump;
    delete runner.jumpHostKeys;
    delete runner.foundJumpHostKey;
    if (jump !== '') Object.assign(runner, { jump, jumpHostKeys: [] });
  }
};

const acceptAtJump = (runner: RunnerView, fingerprint: string, replaces: readonly string[]): void => {
  runner.jumpHostKeys = [...without(runner.jumpHostKeys ?? [], [...replaces, fingerprint]), fingerprint];
  delete runner.foundJumpHostKey;
};

/** Accepts a host key: what was found under another one is settled. */
const accept = (runner: RunnerView, fingerprint: string, replaces: readonly string[]): void => {
  runner.hostKeys = [...without(runner.hostKeys, [...replaces, fingerprint]), fingerprint];
  delete runner.foundHostKey;
};

const change = (runner: RunnerView, gates: Gates, event: RunnerEvent, metadata: Metadata): void => {
  switch (event.type) {
    case 'RunnerEnrolled':
      return;
    case 'HostKeyPinned':
      accept(runner, event.data.fingerprint, []);
      return;
    case 'HostKeyTrusted':
      accept(runner, event.data.fingerprint, event.data.replaces);
      return;
    case 'HostKeyChanged':
      runner.foundHostKey = event.data.found;
      return;
    case 'RunnerAttributesChanged':
      runner.attributes = event.data.attributes;
      return;
    case 'RunnerProbed': {
      const { verdict, findings, code, detail, latencyMs } = event.data;
      runner.probe = {
        at: metadata.recordedAt,
        verdict,
        findings,
        ...(code === undefined ? {} : { code }),
        ...(detail === undefined ? {} : { detail }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
      };
      const found = findings.find(({ check, ok }) => check === 'host_key' && !ok)?.found;
      if (found !== undefined && FINGERPRINT.test(found) && !runner.hostKeys.includes(found))
        runner.foundHostKey = found;
      return;
    }
    case 'RunnerProved':
      delete gates.trial;
      runner.proved = { at: metadata.recordedAt, slots: event.data.slots };
      return;
    case 'RunnerSettingsChanged':
      settle(runner, event.data);
      return;
    case 'JumpHostKeyPinned':
      acceptAtJump(runner, event.data.fingerprint, []);
      return;
    case 'JumpHostKeyTrusted':
      acceptAtJump(runner, event.data.fingerprint, event.data.replaces);
      return;
    case 'JumpHostKeyChanged':
      runner.foundJumpHostKey = event.data.found;
      return;
    case 'RunnerDrained':
      delete gates.paused;
      delete runner.pausedUntil;
      gates.draining = told('drained', metadata);
      return;
    case 'RunnerPaused': {
      const { until } = event.data;
      delete gates.draining;
      delete runner.pausedUntil;
      if (until !== undefined) runner.pausedUntil = until;
      gates.paused = told(until === undefined ? 'paused' : `paused until ${until}`, metadata);
      return;
    }
    case 'RunnerResumed':
      delete gates.paused;
      delete gates.draining;
      delete runner.pausedUntil;
      return;
    case 'RunnerQuarantined':
      gates.quarantined = event.data.detail;
      runner.quarantine = { why: event.data.why, at: metadata.recordedAt, cleanProbes: 0 };
      return;
    case 'RecoveryProbed':
      if (runner.quarantine !== undefined)
        runner.quarantine.cleanProbes = event.data.passed ? runner.quarantine.cleanProbes + 1 : 0;
      return;
    case 'RunnerCleared':
      delete gates.quarantined;
      delete runner.quarantine;
      delete runner.foundHostKey;
      delete runner.foundJumpHostKey;
      return;
    case 'RunnerRemovalRequested':
      gates.removing = told('is being removed', metadata);
      return;
    case 'RunnerKeyRemoved':
      // while the name is in use it was a former one's
      if (gates.retired !== undefined) delete runner.publicKey;
      return;
    case 'SlotQuarantined':
      runner.quarantinedSlots = [...without(runner.quarantinedSlots, [event.data.slot]), event.data.slot];
      return;
    case 'SlotCleared':
      runner.quarantinedSlots = without(runner.quarantinedSlots, [event.data.slot]);
      return;
    case 'RunnerRetired':
      gates.retired = told('retired', metadata);
  }
};

const evolveRunner = (
  view: RunnerHealthView,
  name: string,
  event: RunnerEvent,
  { metadata, revision }: Recorded,
): void => {
  if (event.type === 'RunnerEnrolled') {
    // of one that had the name before only what it still holds is left
    const current = find(view.runners, name)?.current ?? {};
    const gates: Gates =
      event.data.trial === true
        ? { trial: `on trial: its first job is awaited (baton runner prove ${name})` }
        : {};
    const runner: RunnerView = { ...enrolled(name, event.data, revision), current };
    put(view.runners, name, Object.assign(runner, stateOf(runner, gates)));
    put(view.gates, name, gates);
    return;
  }
  const runner = find(view.runners, name);
  const gates = find(view.gates, name);
  if (runner === undefined || gates === undefined) return;
  change(runner, gates, event, metadata);
  runner.revision = revision;
  delete runner.detail;
  Object.assign(runner, stateOf(runner, gates));
};

/** Frees the slots that the job holds; answers the runner that it was on, and what it held there. */
const release = (
  view: RunnerHealthView,
  jobId: string,
): { readonly runner: RunnerView; readonly held: Held } | undefined => {
  const held = find(view.held, jobId);
  if (held === undefined) return undefined;
  drop(view.held, jobId);
  const runner = find(view.runners, held.runner);
  if (runner === undefined) return undefined;
  for (const slot of held.slots) if (find(runner.current, slot) === jobId) drop(runner.current, slot);
  return { runner, held };
};

const evolveJob = (view: RunnerHealthView, jobId: string, event: JobEvent, at: string): void => {
  if (event.type === 'JobAssigned') {
    release(view, jobId);
    const { slot, alsoSlots = [] } = event.data;
    const slots = [slot, ...alsoSlots].map(String);
    const runner = find(view.runners, event.data.runner);
    if (runner === undefined) return;
    for (const one of slots) put(runner.current, one, jobId);
    put(view.held, jobId, { runner: runner.name, slots });
  } else if (event.type === 'JobStarted') {
    const held = find(view.held, jobId);
    if (held !== undefined) held.startedAt = at;
  } else if (event.type === 'JobRequeued') {
    release(view, jobId);
  } else if (isJobEnd(event)) {
    const released = release(view, jobId);
    if (released === undefined) return;
    const { runner, held } = released;
    // a clock may have been set back
    const ran = held.startedAt === undefined ? {} : { ranMs: Math.max(0, millisBetween(held.startedAt, at)) };
    runner.lastOutcomes.unshift({ jobId, outcome: outcomeOf(event), at, ...ran });
    runner.lastOutcomes.length = Math.min(runner.lastOutcomes.length, OUTCOMES_KEPT);
  }
};

/** Folds the streams `runner-<name>` and, for what runs there, `job-<id>`. */
export const runnerHealth: Projection<RunnerHealthView, BatonEvent> = {
  name: 'runner_health',
  version: 6,
  init: () => ({ runners: {}, gates: {}, held: {} }),
  evolve: (view, recorded) => {
    const { stream, event, metadata } = recorded;
    const runner = idIn('runner', stream);
    const job = idIn('job', stream);
    if (runner !== undefined && isRunnerEvent(event)) evolveRunner(view, runner, event, recorded);
    else if (job !== undefined && isJobEvent(event)) evolveJob(view, job, event, metadata.recordedAt);
  },
};

/** Every runner, by name; retired ones too. */
export const runnerViews = (view: RunnerHealthView): readonly RunnerView[] =>
  Object.values(view.runners).sort((a, b) => (a.name < b.name ? -1 : 1));

/** One runner; undefined when none of that name was ever enrolled. */
export const runnerView = (view: RunnerHealthView, name: string): RunnerView | undefined =>
  find(view.runners, name);
