/** In whose scope is what a request names? For the rows of the table. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError, type Problem } from '../app/errors.js';
import type { SubmitChange } from '../app/use-cases.js';
import type { GrantScope } from '../domain/grants.js';
import { ownerOf } from '../domain/secret-ref.js';
import type { Scope } from '../events/shapes.js';
import type { Located, Where } from './authorize.js';

interface ById {
  readonly id: string;
}

/** The job that the parameter `id` names. */
export const ofJob: Where<ById, unknown> = (use, { params }, sees) =>
  pipe(
    use.placeOfJob(params.id, sees),
    TE.map(({ id, scope }) => ({ scope, params: { id } })),
  );

/** The change that the parameter `id` names. */
export const ofChange: Where<ById, unknown> = (use, { params }, sees) =>
  pipe(
    use.placeOfChange(params.id, sees),
    TE.map(({ id, scope }) => ({ scope, params: { id } })),
  );

/** Where the change that the body describes would lie. */
export const ofSubmission: Where<unknown, SubmitChange> = (use, { body }) =>
  pipe(
    use.placeOfSubmission(body),
    // an address that names no project lies nowhere: what else is wrong with it is told to those who may submit everywhere
    TE.orElse(() => TE.right<AppError, GrantScope>({})),
    TE.map((scope) => ({ scope })),
  );

/** Where the promotion in the body wants to run. */
export const ofPromotion: Where<unknown, { readonly scope: Scope }> = (_use, { body: { scope } }) =>
  TE.right({ scope });

interface ByHostKey {
  readonly host: string;
  readonly hostKey: string;
}

/** The phase of an engine that the parameters name: its last attempt. */
export const ofPhase: Where<ByHostKey, unknown> = (use, { params }, sees) =>
  pipe(
    use.placeOfPhase(params, sees),
    TE.map((scope) => ({ scope })),
  );

/** What is not there yet, or not seen, may be anywhere: only who may cancel everything has a cancel remembered. */
export const ofPhaseToCancel: Where<ByHostKey, { readonly attempt?: number }> = (
  use,
  { params, body: { attempt = 1 } },
  sees,
) =>
  pipe(
    use.placeOfPhase({ ...params, attempt }, sees),
    TE.map((scope): Located<ByHostKey> => ({ scope })),
    TE.orElse((error) => (error.code === 'not_found' ? TE.right({ scope: {} }) : TE.left(error))),
  );

/** The owner of the secret that the body names. */
export const ofSecret: Where<unknown, { readonly ref: string }> = (_use, { body }) =>
  TE.right({ scope: ownerOf(body.ref) });

/** Names are unique only within what is around them: a project needs its organisation, that its enterprise. */
const incomplete = ({ enterprise, organisation, project }: GrantScope): readonly Problem[] => [
  ...(organisation !== undefined && enterprise === undefined ? [missing('enterprise', 'organisation')] : []),
  ...(project !== undefined && organisation === undefined ? [missing('organisation', 'project')] : []),
];

const missing = (path: string, inner: string): Problem => ({
  path,
  expected: `the ${path} that the ${inner} belongs to`,
  found: 'nothing',
  mend: `name it; it is \`default\` for changes that were submitted without one`,
});

/** The scope that a grant in the body names; only its admins hand it out or take it back. */
export const ofGrant: Where<unknown, GrantScope> = (_use, { body }) => {
  const problems = incomplete(body);
  return problems.length > 0
    ? TE.left(appError('invalid', 'scope_incomplete', 'The scope is not named from the top.', { problems }))
    : TE.right({ scope: body });
};
