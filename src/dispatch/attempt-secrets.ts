/** Secrets of one attempt on their way into its environment, and out of its log. A phase without secrets has none of this. */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import type { JobSecrets, SecretValues } from '../app/job-secrets.js';
import type { AttemptReports, ReportOffer } from '../app/reports.js';
import type { AttemptRef, LogStore } from '../app/ports.js';
import type { JobCommand } from '../domain/job.js';
import { outputsOf, REPORT } from '../domain/output.js';
import type { PhasePromoted } from '../events/phase-run.js';

/** Tries until it succeeds or we are closed. */
type Insist = <Err, A>(what: string, task: () => Promise<E.Either<Err, A>>) => Promise<A | undefined>;

interface Deps {
  readonly secrets: JobSecrets;
  readonly logs: LogStore;
  readonly reports: Pick<AttemptReports, 'forget'>;
  readonly record: (jobId: string, attempt: number, command: JobCommand) => Promise<boolean>;
  readonly onProblem: (message: string, cause: unknown) => void;
}

export interface AttemptSecrets {
  /** For the start; a refusal when the job cannot have them, undefined when we are closed. A full disk is waited for. */
  readonly take: (
    promoted: PhasePromoted,
    offer: ReportOffer | undefined,
  ) => Promise<E.Either<AppError, SecretValues> | undefined>;
  /**
   * What must not reach the log. Without it collection pauses: the job says why, until it goes on. Undefined when we are closed, or
   * when the job no longer wants it.
   */
  readonly masked: (promoted: PhasePromoted) => Promise<readonly string[] | undefined>;
  /** When the attempt is over: its log is sealed, or there will be none. */
  readonly forget: (promoted: PhasePromoted) => Promise<void>;
}

/** A token for reports is one. */
const hasNone = ({ secretRefs, reports }: PhasePromoted): boolean =>
  secretRefs.length === 0 && reports === undefined;

export const attemptSecrets = (
  { secrets, logs, reports, record, onProblem }: Deps,
  insist: Insist,
  attempt: AttemptRef,
): AttemptSecrets => {
  const say = (command: JobCommand): Promise<boolean> => record(attempt.jobId, attempt.attempt, command);
  const name = `${attempt.jobId}.${attempt.attempt}`;
  return {
    take: async (promoted, offer) => {
      if (hasNone(promoted)) return E.right({});
      const own = offer === undefined ? {} : { BATON_REPORT_TOKEN: offer.token };
      return insist<AppError, E.Either<AppError, SecretValues>>(`giving ${name} its secrets`, async () => {
        const answer = await secrets.take(attempt, promoted.secretRefs, promoted.scope, own);
        return E.isLeft(answer) && answer.left.reason === 'secret_store_io' ? answer : E.right(answer);
      });
    },
    masked: async (promoted) => {
      if (hasNone(promoted)) return [];
      let mayCome = false;
      const told = promoted.reports === undefined ? [] : ([REPORT] as const);
      for (const output of [...outputsOf(promoted.output), ...told]) {
        const ref = output === undefined ? attempt : { ...attempt, output };
        const log = await insist(`reading the log of ${name}`, logs.read(ref, 0, 0));
        if (log === undefined) return undefined;
        // a job need not tell anything
        mayCome ||= !log.sealed && (output !== REPORT || log.size > 0);
      }
      // nothing will be stored any more
      if (!mayCome) return [];
      const what = `the log of ${name} is not collected, since reading the secrets to mask in it`;
      const values = await insist(what, async (): Promise<E.Either<AppError, SecretValues | 'over'>> => {
        const given = await secrets.given(attempt);
        if (E.isRight(given)) return given;
        const { reason: why, message: detail } = given.left;
        const isWanted = await say({ kind: 'PauseCollection', attempt: attempt.attempt, why, detail });
        return isWanted ? given : E.right('over');
      });
      if (values === undefined || values === 'over') return undefined;
      // another process may have paused it before
      await say({ kind: 'ResumeCollection', attempt: attempt.attempt });
      return Object.values(values);
    },
    forget: async (promoted) => {
      if (hasNone(promoted)) return;
      // without them nothing more is taken of what it tells
      const forgotten = await secrets.forget(attempt);
      await reports.forget(attempt);
      if (E.isLeft(forgotten)) onProblem(`forgetting the secrets of ${name} failed`, forgotten.left);
    },
  };
};
