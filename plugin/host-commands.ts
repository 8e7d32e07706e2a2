/** What a host may say: its commands, checked and without what is not known here. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { isRange } from '../src/domain/version-range.js';
import type { PhasePromoted } from '../src/events/phase-run.js';
import { problemsOf } from '../src/events/report.js';
import { OutputForm } from '../src/events/shapes.js';
import {
  actor,
  branch,
  known,
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
import type { HostCommand, Problem } from './contract.js';

const DAY_MS = 24 * 60 * 60_000;
const ms = whole(1, 30 * DAY_MS);
const attempt = whole(1, 1_000_000);
const hostKey = line(200);

const clause = t.refinement(
  t.exact(
    t.type({
      key: name,
      op: t.keyof({ in: null, all: null, none: null, version: null }),
      values: list(line(200), 1, 100),
    }),
  ),
  ({ op, values }) => op !== 'version' || values.every(isRange),
  'ranges of versions such as >=7.4 <9',
);
const row = known({ label: lineOrNothing(200), filter: list(clause, 0, 50) }, {});
const merge = known({ target: branch, targetSha: sha, branchSha: sha }, {});

const retry = known(
  { attempts: whole(1, 100), on: list(t.keyof({ failed: null, timed_out: null, lost: null }), 1, 3) },
  { delayMs: whole(0, DAY_MS), exitCodes: list(whole(1, 255), 1, 255) },
);

const promotion = known(
  {
    hostKey,
    scope: known({ enterprise: name, organisation: name, project: name }, {}),
    pipeline: branch,
    stage: name,
    phase: name,
    steps: list(known({ name: line(100), run: script }, {}), 1, 100),
  },
  {
    attempt,
    source: known({ kind: t.literal('git'), repository, sha }, { branch, merge }),
    rows: list(row, 1, 1000),
    limits: known(
      {},
      {
        cancelGraceMs: whole(0, DAY_MS),
        logBytes: whole(512, 2 ** 40),
        queueMs: ms,
        startMs: ms,
        totalMs: ms,
        silenceMs: ms,
      },
    ),
    secretRefs: list(secretRef, 0, 100),
    priority: whole(-1000, 1000),
    output: OutputForm,
    workspace: known(
      {},
      {
        keep: t.keyof({ never: null, on_failure: null, always: null }),
        keepMs: ms,
        cache: name,
        freeBytes: whole(0, 2 ** 50),
        home: t.literal('kept'),
      },
    ),
    retry,
    reports: t.boolean,
    jobDispatch: t.keyof({ v2: null, v1: null, none: null }),
    whenUnmatchable: t.keyof({ wait: null, fail: null, expire: null }),
    change: known(
      { id: line(200), title: line(500) },
      { patchset: whole(0, 1_000_000_000), url: webAddress },
    ),
  },
);

const from = { commandId: line(200), actor };
const said = { reason: line(500) };
const codecs: {
  readonly [K in HostCommand['type']]: t.Decoder<unknown, Extract<HostCommand, { type: K }>>;
} = {
  'phase.promoted': known({ type: t.literal('phase.promoted'), ...from, promotion }, said),
  'phase.cancel': known({ type: t.literal('phase.cancel'), ...from, hostKey }, { ...said, attempt }),
  'change.superseded': known(
    { type: t.literal('change.superseded'), ...from, changeId: line(200), by: line(200) },
    said,
  ),
};

export type Unusable =
  | { readonly code: 'unknown_command'; readonly message: string }
  | { readonly code: 'invalid'; readonly message: string; readonly problems: readonly Problem[] };

/** The command, or all that is wrong with it. */
export const parseHostCommand = (raw: unknown): E.Either<Unusable, HostCommand> => {
  const type = typeof raw === 'object' && raw !== null && 'type' in raw ? raw.type : undefined;
  if (typeof type !== 'string' || !Object.hasOwn(codecs, type))
    return E.left({
      code: 'unknown_command',
      message: `A command of type ${Object.keys(codecs).join(', ')} was expected; this one is of ${typeof type === 'string' ? `type ${JSON.stringify(type.slice(0, 60))}` : 'no type'}.`,
    });
  const decoded: t.Validation<HostCommand> = codecs[type as HostCommand['type']].decode(raw);
  if (E.isRight(decoded)) return decoded;
  const problems = problemsOf(decoded.left);
  return E.left({
    code: 'invalid',
    message: `The command ${type} cannot be used: ${problems.length === 1 ? '1 problem was' : `${problems.length} problems were`} found.`,
    problems,
  });
};

const DEFAULT_LIMITS = { cancelGraceMs: 10_000, logBytes: 64 * 1024 * 1024 };

/** The event that records this promotion. */
export const promotedBy = (
  host: string,
  { promotion: told }: Extract<HostCommand, { type: 'phase.promoted' }>,
): PhasePromoted => ({
  host,
  ...{ hostKey: told.hostKey, attempt: told.attempt ?? 1 },
  ...{ scope: told.scope, pipeline: told.pipeline, stage: told.stage, phase: told.phase },
  ...(told.source === undefined ? {} : { source: told.source }),
  ...{ steps: told.steps, rows: told.rows ?? [{ label: '', filter: [] }] },
  variables: [],
  secretRefs: told.secretRefs ?? [],
  limits: { ...DEFAULT_LIMITS, ...told.limits },
  priority: told.priority ?? 0,
  whenUnmatchable: told.whenUnmatchable ?? 'wait',
  ...(told.change === undefined ? {} : { change: told.change }),
  ...(told.output === 'split' ? { output: told.output } : {}),
  ...(told.workspace === undefined ? {} : { workspace: told.workspace }),
  ...(told.reports === true ? { reports: told.reports } : {}),
  ...(told.retry === undefined ? {} : { retry: { delayMs: 0, ...told.retry } }),
});
