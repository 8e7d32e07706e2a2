/**
 * One look at a runner: at the account that all slots share, or at that of each slot. What is the same everywhere is told once, what is not
 * well with its slot; an account that cannot be used makes the runner what that failure says.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Finding } from '../events/runner.js';
import type { ProbeReport, RunnerTarget, TransportError } from './ports.js';

export interface Look {
  readonly answer: E.Either<TransportError, ProbeReport>;
  /** Slot by slot, where each has an account of its own. */
  readonly slotBaseIds?: readonly string[];
  /** Attempts that ended long ago, in whose account. */
  readonly leftBehind: readonly { readonly target: RunnerTarget; readonly names: readonly string[] }[];
}

interface Seen {
  readonly target: RunnerTarget;
  readonly report: ProbeReport;
}

const nameOf = ({ slot, user }: RunnerTarget): string => `slot ${String(slot)} (account ${user})`;

const named = ({ slot, user }: RunnerTarget, error: TransportError): TransportError =>
  slot === undefined
    ? error
    : { ...error, message: `In slot ${String(slot)} (account ${user}): ${error.message}` };

/** By check: what is not well, slot by slot; where all is well, what the first one said. */
const merged = (all: readonly Seen[]): readonly Finding[] => {
  const checks = [...new Set(all.flatMap(({ report }) => report.findings.map(({ check }) => check)))];
  return checks.flatMap((check): readonly Finding[] => {
    const found = all.flatMap(({ target, report }) =>
      report.findings.filter((one) => one.check === check).map((finding) => ({ target, finding })),
    );
    const bad = found.filter(({ finding }) => !finding.ok);
    if (bad.length === 0) return found.slice(0, 1).map(({ finding }) => finding);
    return bad.map(({ target, finding: { consequence, ...finding } }) => ({
      ...finding,
      found: `${nameOf(target)}: ${finding.found ?? ''}`,
      ...(consequence === undefined ? {} : { consequence: `In ${nameOf(target)}: ${consequence}` }),
    }));
  });
};

/** Two slots with one folder would have one account between them, or let each other in. */
const apart = (all: readonly Seen[]): Finding => {
  const check = 'slots_apart';
  for (const [n, { target, report }] of all.entries()) {
    const other = all.slice(0, n).find((one) => one.report.baseId === report.baseId);
    if (other !== undefined)
      return {
        ...{ check, ok: false, found: `${nameOf(other.target)} and ${nameOf(target)} have the same folder` },
        consequence: `No job can start: ${nameOf(other.target)} and ${nameOf(target)} have the same folder, so that their jobs are not apart.`,
      };
  }
  return { check, ok: true, found: `${String(all.length)} accounts, each with a folder of its own` };
};

/** The fewest that one login had: what holds for all. */
const sessionsOf = (all: readonly Seen[]): ProbeReport['sessions'] =>
  all
    .map(({ report }) => report.sessions)
    .reduce((least, one) =>
      one === undefined || (least !== undefined && least.opened <= one.opened) ? least : one,
    );

/** `targets`: all accounts, in the order of their slots. */
export const lookAt = async (
  targets: readonly RunnerTarget[],
  look: (target: RunnerTarget) => TaskEither<TransportError, ProbeReport>,
): Promise<Look> => {
  const answers = await Promise.all(
    targets.map(async (target) => ({ target, answer: await look(target)() })),
  );
  const seen: Seen[] = [];
  for (const { target, answer } of answers) {
    if (E.isLeft(answer)) return { answer: E.left(named(target, answer.left)), leftBehind: [] };
    seen.push({ target, report: answer.right });
  }
  const [first] = seen;
  if (first === undefined) throw new Error('a runner has one account at least');
  const leftBehind = seen.map(({ target, report }) => ({ target, names: report.leftBehind ?? [] }));
  if (first.target.slot === undefined) return { answer: E.right(first.report), leftBehind };
  const sessions = sessionsOf(seen);
  const { sessions: _, ...report } = first.report;
  return {
    answer: E.right({
      ...report,
      findings: [...merged(seen), apart(seen)],
      ...(sessions === undefined ? {} : { sessions }),
    }),
    slotBaseIds: seen.map(({ report: { baseId } }) => baseId),
    leftBehind,
  };
};
