/** Stream `runner-<name>`: enrolled, retired at the end; after that another one may be enrolled under the name. */
import * as t from 'io-ts';
import { Attributes, Count, shape, Survivor } from './shapes.js';

/** How Baton proves itself to the runner. Keys live in the secret store; an event holds only the reference. */
export const RunnerAuth = t.union(
  [
    t.type({ kind: t.literal('key'), secretRef: t.string, publicKey: t.string }),
    t.type({ kind: t.literal('agent') }),
  ],
  'RunnerAuth',
);
export type RunnerAuth = t.TypeOf<typeof RunnerAuth>;

export const RunnerEnrolled = shape(
  'RunnerEnrolled',
  {
    name: t.string,
    host: t.string,
    port: Count,
    user: t.string,
    auth: RunnerAuth,
    slots: Count,
    labels: t.readonlyArray(t.string),
  },
  {
    /** Folder on the runner, absolute or relative to the user's home. */
    base: t.string,
    jump: t.string,
    /** Enterprises whose jobs it takes; absent means all. */
    enterprises: t.readonlyArray(t.string),
    /** It takes no jobs before `RunnerProved`. */
    trial: t.literal(true),
    /** Slot n has an account of its own, `<user>-<n>`, and a folder of its own, `<base>-<n>`. */
    isolated: t.boolean,
  },
);
export type RunnerEnrolled = t.TypeOf<typeof RunnerEnrolled>;

/** Fingerprints are OpenSSH's form, `SHA256:` and base64 without padding. */
const fingerprint = { fingerprint: t.string };
export const HostKeyPinned = t.type(
  { ...fingerprint, how: t.keyof({ given: null, known_hosts: null, approved: null }) },
  'HostKeyPinned',
);
const changed = { expected: t.readonlyArray(t.string), found: t.string };
const trusted = { ...fingerprint, replaces: t.readonlyArray(t.string) };
export const HostKeyChanged = t.type(changed, 'HostKeyChanged');
export const HostKeyTrusted = t.type(trusted, 'HostKeyTrusted');

export const RunnerAttributesChanged = t.type({ attributes: Attributes }, 'RunnerAttributesChanged');

/** One thing looked at, and what it means for jobs when it is not well. */
export const Finding = shape(
  'Finding',
  { check: t.string, ok: t.boolean },
  { found: t.string, consequence: t.string },
);
export type Finding = t.TypeOf<typeof Finding>;

/** Recorded when the verdict, a base folder or the boot changes; not at every probe. `slotBaseIds`: slot by slot, where each has its own. */
export const RunnerProbed = shape(
  'RunnerProbed',
  { verdict: t.keyof({ ready: null, unfit: null, unreachable: null }), findings: t.readonlyArray(Finding) },
  {
    code: t.string,
    detail: t.string,
    baseId: t.string,
    bootId: t.string,
    latencyMs: t.number,
    slotBaseIds: t.readonlyArray(t.string),
  },
);
export type RunnerProbed = t.TypeOf<typeof RunnerProbed>;

/** A small job ran in the slot: as whom, in which folder, and how many bytes of output with which SHA-256 (lower-case hex) were seen. */
export const ProvedSlot = t.type(
  { slot: Count, user: t.string, baseId: t.string, bytes: Count, sha256: t.string },
  'ProvedSlot',
);
export type ProvedSlot = t.TypeOf<typeof ProvedSlot>;

/** Every slot has run a job to its end, and ended another that was cancelled. Written when it was awaited, or says what is new. */
export const RunnerProved = t.type({ bootId: t.string, slots: t.readonlyArray(ProvedSlot) }, 'RunnerProved');
export type RunnerProved = t.TypeOf<typeof RunnerProved>;

export const RunnerDrained = t.type({}, 'RunnerDrained');
export const RunnerPaused = shape('RunnerPaused', {}, { until: t.string });
export const RunnerResumed = t.type({}, 'RunnerResumed');
export const RunnerQuarantined = t.type({ why: t.string, detail: t.string }, 'RunnerQuarantined');
export const RunnerCleared = t.type({ by: t.keyof({ person: null, probe: null }) }, 'RunnerCleared');
/**
 * `survivors`: what has to be gone before a probe may clear the slot; without it only a person does. `ranIn`: the slot in which the job
 * ran that held this one as well; absent: in this one.
 */
export const SlotQuarantined = shape(
  'SlotQuarantined',
  { slot: Count, why: t.string, jobId: t.string },
  { survivors: t.readonlyArray(Survivor), ranIn: Count },
);
/** `gone`: the survivors that a probe looked for and found ended. */
export const SlotCleared = shape(
  'SlotCleared',
  { slot: Count, by: t.keyof({ person: null, probe: null }) },
  { gone: t.readonlyArray(Survivor) },
);
export const RunnerRetired = t.type({}, 'RunnerRetired');

/**
 * What was set anew; a member that is absent stays as it was. An empty `jump`: reached directly from now on. Empty `enterprises`:
 * it takes the jobs of all again.
 */
export const RunnerSettingsChanged = shape(
  'RunnerSettingsChanged',
  {},
  {
    host: t.string,
    port: Count,
    user: t.string,
    auth: RunnerAuth,
    slots: Count,
    labels: t.readonlyArray(t.string),
    jump: t.string,
    enterprises: t.readonlyArray(t.string),
    isolated: t.boolean,
  },
);
export type RunnerSettingsChanged = t.TypeOf<typeof RunnerSettingsChanged>;

/** From here on it takes no jobs; it is retired as soon as none is left there. */
export const RunnerRemovalRequested = t.type({ cancelJobs: t.boolean }, 'RunnerRemovalRequested');

/** After the end of all its jobs: its private key was removed from the secret store. */
export const RunnerKeyRemoved = t.type({ secretRef: t.string }, 'RunnerKeyRemoved');

/** An automatic probe while in quarantine for repeated failures; failed ones are recorded once in a row. */
export const RecoveryProbed = shape('RecoveryProbed', { passed: t.boolean }, { detail: t.string });

export const JumpHostKeyPinned = t.type(
  { ...fingerprint, how: t.keyof({ given: null, approved: null }) },
  'JumpHostKeyPinned',
);
export const JumpHostKeyChanged = t.type(changed, 'JumpHostKeyChanged');
export const JumpHostKeyTrusted = t.type(trusted, 'JumpHostKeyTrusted');

export const runnerEvents = {
  RunnerEnrolled,
  HostKeyPinned,
  HostKeyChanged,
  HostKeyTrusted,
  RunnerAttributesChanged,
  RunnerProbed,
  RunnerProved,
  RunnerDrained,
  RunnerPaused,
  RunnerResumed,
  RunnerQuarantined,
  RunnerCleared,
  SlotQuarantined,
  SlotCleared,
  RunnerRetired,
  RunnerSettingsChanged,
  RunnerRemovalRequested,
  RunnerKeyRemoved,
  RecoveryProbed,
  JumpHostKeyPinned,
  JumpHostKeyChanged,
  JumpHostKeyTrusted,
};
