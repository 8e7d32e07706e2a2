/**
 * What a promotion may hold, whichever way it comes: to a plugin, which leaves behind what is not known, or over HTTP, which refuses that.
 * The way is the function that makes a codec of members.
 */
import * as t from 'io-ts';
import { OutputForm } from '../events/shapes.js';
import {
  branch,
  line,
  lineOrNothing,
  list,
  name,
  repository,
  script,
  secretRef,
  sha,
  webAddress,
  whole,
} from './checks.js';
import { isRange } from './version-range.js';
import { MOST_SLOTS } from './most-slots.js';

type Members<R extends t.Props, O extends t.Props> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof O]?: t.TypeOf<O[K]>;
};

/** Makes the codec of an object with these members, some of which may be absent. */
export type ObjectOf = <R extends t.Props, O extends t.Props>(
  required: R,
  optional: O,
) => t.Type<Members<R, O>, unknown>;

const DAY_MS = 24 * 60 * 60_000;
const ms = whole(1, 30 * DAY_MS);

/** With the key of the engine it names a phase run. */
export const attempt = whole(1, 1_000_000);
/** How an engine names a phase, or a change. */
export const hostKey = line(200);

const clauseOf = (object: ObjectOf) =>
  t.refinement(
    object(
      {
        key: name,
        op: t.keyof({ in: null, all: null, none: null, version: null }),
        values: list(line(200), 1, 100),
      },
      {},
    ),
    ({ op, values }) => op !== 'version' || values.every(isRange),
    'ranges of versions such as >=7.4 <9',
  );

const rowOf = (object: ObjectOf) =>
  object({ label: lineOrNothing(200), filter: list(clauseOf(object), 0, 50) }, {});

const sourceOf = (object: ObjectOf) =>
  object(
    { kind: t.literal('git'), repository, sha },
    { branch, merge: object({ target: branch, targetSha: sha, branchSha: sha }, {}) },
  );

const limitsOf = (object: ObjectOf) =>
  object(
    {},
    {
      cancelGraceMs: whole(0, DAY_MS),
      logBytes: whole(512, 2 ** 40),
      ...{ queueMs: ms, startMs: ms, totalMs: ms, silenceMs: ms },
    },
  );

const retryOf = (object: ObjectOf) =>
  object(
    { attempts: whole(1, 100), on: list(t.keyof({ failed: null, timed_out: null, lost: null }), 1, 3) },
    { delayMs: whole(0, DAY_MS), exitCodes: list(whole(1, 255), 1, 255) },
  );

const workspaceOf = (object: ObjectOf) =>
  object(
    {},
    {
      keep: t.keyof({ never: null, on_failure: null, always: null }),
      keepMs: ms,
      cache: name,
      freeBytes: whole(0, 2 ** 50),
      home: t.literal('kept'),
    },
  );

/** The members of a promotion, as docs/write-a-host.md and the contract have them. */
export const promotionMembers = (object: ObjectOf) => ({
  required: {
    hostKey,
    scope: object({ enterprise: name, organisation: name, project: name }, {}),
    pipeline: branch,
    stage: name,
    phase: name,
    steps: list(object({ name: line(100), run: script }, {}), 1, 100),
  },
  optional: {
    attempt,
    source: sourceOf(object),
    rows: list(rowOf(object), 1, 1000),
    limits: limitsOf(object),
    secretRefs: list(secretRef, 0, 100),
    priority: whole(-1000, 1000),
    slots: whole(1, MOST_SLOTS),
    output: OutputForm,
    workspace: workspaceOf(object),
    retry: retryOf(object),
    reports: t.boolean,
    jobDispatch: t.keyof({ v2: null, v1: null, none: null }),
    whenUnmatchable: t.keyof({ wait: null, fail: null, expire: null }),
    change: object({ id: hostKey, title: line(500) }, { patchset: whole(0, 1_000_000_000), url: webAddress }),
  },
});

type Told = ReturnType<typeof promotionMembers>;

/** A promotion that was checked. */
export type PromotionTold = Members<Told['required'], Told['optional']>;
