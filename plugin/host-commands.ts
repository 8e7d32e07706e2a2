/** What a host may say: its commands, checked and without what is not known here. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { actor, known, line } from '../src/domain/checks.js';
import { attempt, hostKey, promotionMembers } from '../src/domain/promotion-form.js';
import type { PhasePromoted } from '../src/events/phase-run.js';
import { problemsOf } from '../src/events/report.js';
import type { HostCommand, Problem } from './contract.js';

const members = promotionMembers(known);
const promotion = known(members.required, members.optional);

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
  ...(told.slots === undefined || told.slots === 1 ? {} : { slots: told.slots }),
  ...(told.retry === undefined ? {} : { retry: { delayMs: 0, ...told.retry } }),
});
