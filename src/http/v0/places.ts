/** In whose scope is what a request of the original names? What lies in another enterprise, or is not seen, is as if it were not there. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../../app/errors.js';
import type { NumberedJob, Within } from '../../app/original.js';
import type { Caller } from '../../app/use-cases.js';
import type { Role } from '../../domain/grants.js';
import type { Scope } from '../../events/shapes.js';
import { authorizedAt, seesOf, type Where } from '../authorize.js';

/** Whoever has a role anywhere in it may look; the rest is as if there were no such enterprise. */
export const within = (caller: Caller, enterprise: string): E.Either<AppError, Within> => {
  const sees = seesOf(caller);
  return caller.grants.some((grant) => grant.enterprise === undefined || grant.enterprise === enterprise)
    ? E.right({ enterprise, ...(sees === undefined ? {} : { sees }) })
    : E.left(
        appError('not_found', 'enterprise_unknown', `There is no enterprise ${enterprise} that you may see.`),
      );
};

/** The same, for who has that role in the whole of it. */
export const withRole = (caller: Caller, role: Role, enterprise: string): E.Either<AppError, Within> =>
  pipe(
    within(caller, enterprise),
    E.chain((found) => {
      const refusal = authorizedAt(caller, role, { enterprise });
      return refusal === undefined ? E.right(found) : E.left(refusal);
    }),
  );

const scopeOf = ({ enterprise, organisation, project }: Scope): Scope => ({
  ...{ enterprise, organisation, project },
});

/** A job that waits or runs. */
export const ofQueuedJob: Where<{ readonly ent: string; readonly job_id: string }, unknown> = (
  use,
  { params },
  sees,
) =>
  pipe(
    use.originalJob({ enterprise: params.ent, sees }, params.job_id),
    TE.map(({ value }) => ({ scope: scopeOf(value.job) })),
  );

interface ProjectParams {
  readonly ent: string;
  readonly org: string;
  readonly proj: string;
}

const isThere = ({ org, proj }: ProjectParams, { organisation, project }: Scope): boolean =>
  organisation === org && project === proj;

interface ChangeParams extends ProjectParams {
  readonly change_id: string;
}

const noChange = (id: string): AppError =>
  appError('not_found', 'change_unknown', `There is no change ${id} in this project that you may see.`);

export const ofOriginalChange: Where<ChangeParams, unknown> = (use, { params }, sees) =>
  pipe(
    use.originalChange({ enterprise: params.ent, sees }, params.change_id),
    TE.filterOrElse(
      ({ value }) => isThere(params, value.change),
      () => noChange(params.change_id),
    ),
    TE.map(({ value }) => ({ scope: scopeOf(value.change) })),
  );

interface PhaseRunParams extends ProjectParams {
  readonly pipe: string;
  readonly run_id: number;
}

const isOf = (params: PhaseRunParams, { job }: NumberedJob): boolean =>
  isThere(params, job) && job.pipeline === params.pipe;

export const ofPhaseRun: Where<PhaseRunParams, unknown> = (use, { params }, sees) =>
  pipe(
    use.originalPhaseRun({ enterprise: params.ent, sees }, params.run_id),
    TE.filterOrElse(
      ({ value }) => isOf(params, value),
      () =>
        appError(
          'not_found',
          'phase_run_unknown',
          `There is no phase run ${params.run_id} in this pipeline that you may see.`,
        ),
    ),
    TE.map(({ value }) => ({ scope: scopeOf(value.job) })),
  );
