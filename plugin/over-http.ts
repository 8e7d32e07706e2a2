/** Engines that are not loaded, but speak HTTP: each has an intake under its own name, and its answers are those of the API. */
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../src/app/errors.js';
import type { HostAnswer, HostUseCases, PhaseAsked } from '../src/app/host-calls.js';
import { phaseReads, type PhaseReadDeps } from '../src/app/phase-reads.js';
import type { CommandContext, Done } from '../src/app/use-cases.js';
import { secretRefProblems } from '../src/domain/secret-ref.js';
import type { Ack, HostCommand } from './contract.js';
import { openIntake, type Intake, type IntakeDeps } from './intake.js';

export interface HostsDeps extends Omit<IntakeDeps, 'host' | 'reserved' | 'phaseRuns'>, PhaseReadDeps {
  /** Names that nobody speaks under here: the standalone host, and an engine that has loaded Baton. */
  readonly taken: readonly string[];
}

export interface Hosts {
  readonly useCases: HostUseCases;
  /** Resolves when nothing is being taken. */
  readonly idle: () => Promise<void>;
}

const answerOf = (ack: Ack): E.Either<AppError, Done<HostAnswer>> => {
  switch (ack.status) {
    case 'accepted':
    case 'noop':
      return E.right({ value: ack, repeated: false });
    case 'duplicate':
      return E.right({ value: ack, repeated: true });
    case 'declined':
      return E.left(appError('not_dispatched_here', ack.reason, ack.message, { hint: ack.hint }));
    case 'busy':
      return E.left(
        appError('busy', 'too_much_at_once', ack.message, {
          hint: 'Nothing was written, or it is not known whether; send the same again after the pause.',
          retryAfterMs: ack.retryAfterMs,
        }),
      );
    case 'rejected':
      return E.left(rejected(ack));
  }
};

const rejected = ({ code, message, problems = [] }: Extract<Ack, { status: 'rejected' }>): AppError => {
  switch (code) {
    case 'same_key_other_body':
      return appError('idempotency_conflict', code, message, {
        hint: 'Another attempt of the phase needs another number, another command another key.',
      });
    case 'too_large':
      return appError('invalid', 'event_too_large', message);
    case 'invalid':
    case 'unknown_command':
      return appError('invalid', 'invalid_input', message, { problems });
    case 'not_started':
    case 'stopping':
      return appError('busy', code, message);
    case 'internal':
      return appError('internal', code, message);
  }
};

const taken = (host: string): AppError =>
  appError('invalid', 'host_taken', `The name of an engine that speaks HTTP was expected; ${host} is none.`, {
    problems: [
      { path: 'host', expected: 'another name', found: host, mend: 'name your engine, such as buildbot' },
    ],
  });

export const openHosts = (deps: HostsDeps): Hosts => {
  const { taken: names } = deps;
  const phaseRuns = deps['phase-runs'];
  const reads = phaseReads(deps);
  const reserved = new Map<string, number>();
  const intakes = new Map<string, Intake>();

  const intakeOf = (host: string): Intake => {
    const known = intakes.get(host) ?? openIntake({ ...deps, host, phaseRuns, reserved });
    intakes.set(host, known);
    return known;
  };

  /** Nothing is asked under a name that is taken. */
  const under =
    <A>(host: string, work: () => Promise<E.Either<AppError, A>>): TE.TaskEither<AppError, A> =>
    async () =>
      names.includes(host) ? E.left(taken(host)) : work();

  const told = (host: string, command: HostCommand) => async () =>
    answerOf(await intakeOf(host).take(command));

  const from = ({ commandId, caller, reason }: CommandContext) => ({
    ...{ commandId, actor: caller.actor },
    ...(reason === undefined ? {} : { reason }),
  });

  const useCases: HostUseCases = {
    promotePhase: (context, { host, promotion }) =>
      under(host, () => {
        const problems = secretRefProblems(promotion.secretRefs ?? [], promotion.scope);
        return problems.length > 0
          ? Promise.resolve(
              E.left(
                appError('invalid', 'secret_refused', 'The phase cannot be given all of its secrets.', {
                  problems,
                }),
              ),
            )
          : told(host, { type: 'phase.promoted', ...from(context), promotion })();
      }),
    cancelPhase: (context, { host, hostKey, attempt }: PhaseAsked) =>
      under(
        host,
        told(host, {
          ...{ type: 'phase.cancel', ...from(context), hostKey },
          ...(attempt === undefined ? {} : { attempt }),
        }),
      ),
    supersedeHostChange: (context, { host, changeId, by }) =>
      under(host, async () => {
        const place = await reads.placeOfHostChange(host, changeId)();
        if (E.isLeft(place)) return place;
        return place.right === undefined
          ? E.right({ value: { status: 'noop', why: 'nothing_lives' }, repeated: false })
          : told(host, { type: 'change.superseded', ...from(context), changeId, by })();
      }),
    followPhase: (asked, how) => under(asked.host, reads.followPhase(asked, how)),
    placeOfPhase: (asked, sees) => under(asked.host, reads.placeOfPhase(asked, sees)),
    placeOfHostChange: (host, changeId) => under(host, reads.placeOfHostChange(host, changeId)),
  };
  return {
    useCases,
    idle: async () => {
      for (const intake of intakes.values()) await intake.idle();
    },
  };
};
