/** `orgs/…/changes/:change_id`: as it is, as it moves on, and what is done with it. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../../../app/errors.js';
import type { Caller, ChangeView } from '../../../app/use-cases.js';
import { stages } from '../../../domain/stage-plan.js';
import type { Scope } from '../../../events/shapes.js';
import { authorizedAt } from '../../authorize.js';
import { route, type Route } from '../../route.js';
import { sse } from '../../sse.js';
import { changeJson } from '../change-json.js';
import { changeFrames } from '../change-stream.js';
import * as codecs from '../codecs.js';
import { baseOf } from '../links.js';
import { ofOriginalChange, within } from '../places.js';
import { done, json, nothing } from '../row.js';

const CHANGE = '/:ent/orgs/:org/projects/:proj/changes/:change_id';

const mayAct = (caller: Caller, { enterprise, organisation, project }: Scope): boolean =>
  authorizedAt(caller, 'operator', { enterprise, organisation, project }) === undefined;

const renamed = ({ code, reason: _, message, hint, problems, cause }: AppError, reason: string): AppError =>
  appError(code, reason, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(problems === undefined ? {} : { problems }),
    ...(cause === undefined ? {} : { cause }),
  });

/** Its words: 412 where the state is another, 404 where the configuration cannot be used. */
const asThere = (error: AppError): AppError =>
  error.code === 'conflict'
    ? renamed(error, 'precondition_failed')
    : error.code === 'invalid'
      ? renamed(error, 'invalid_config')
      : error;

const merged = (error: AppError): AppError =>
  error.code === 'conflict' ? renamed(error, 'merged_change') : error;

const deed = (word: string, name: 'approveChange' | 'deliverChange'): Route =>
  route({
    ...nothing,
    method: 'post',
    path: `${CHANGE}/${word}`,
    role: 'operator',
    where: ofOriginalChange,
    params: codecs.ChangeParams,
    run: (use, { params, context }) => pipe(use[name](context, params.change_id), TE.mapLeft(asThere), done),
  });

export const changeRoutes: readonly Route[] = [
  route({
    ...nothing,
    method: 'get',
    path: CHANGE,
    role: 'viewer',
    where: ofOriginalChange,
    params: codecs.ChangeParams,
    run: (use, { params, path, context: { caller } }) =>
      pipe(
        TE.fromEither(within(caller, params.ent)),
        TE.chain((enterprise) => use.originalChange(enterprise, params.change_id)),
        TE.map(({ value }) => json(changeJson(baseOf(path), value, mayAct(caller, value.change)))),
      ),
  }),
  route({
    ...nothing,
    method: 'delete',
    path: CHANGE,
    role: 'operator',
    where: ofOriginalChange,
    params: codecs.ChangeParams,
    run: (use, { params, context }) =>
      pipe(use.deleteChange(context, params.change_id), TE.mapLeft(merged), done),
  }),
  deed('merge', 'approveChange'),
  deed('accept', 'deliverChange'),
  route({
    ...nothing,
    method: 'post',
    path: `${CHANGE}/trigger/:stage`,
    role: 'operator',
    where: ofOriginalChange,
    params: codecs.StageParams,
    run: (use, { params, context }) =>
      pipe(
        TE.fromEither(stageOf(params.stage)),
        TE.chain((stage): TE.TaskEither<AppError, { readonly value: ChangeView }> =>
          use.rerunChange(context, params.change_id, { stage }),
        ),
        TE.mapLeft(asThere),
        done,
      ),
  }),
  route({
    ...nothing,
    method: 'get',
    path: `${CHANGE}/streaming`,
    role: 'viewer',
    where: ofOriginalChange,
    params: codecs.ChangeParams,
    headers: codecs.AnyEventId,
    run: (use, { params, headers, path, pace, context: { caller } }) =>
      pipe(
        TE.fromEither(within(caller, params.ent)),
        TE.chain((enterprise) =>
          pipe(
            use.originalChange(enterprise, params.change_id),
            TE.map(({ value }) => ({ enterprise, scope: value.change })),
          ),
        ),
        TE.map(({ enterprise, scope }) =>
          sse((signal, requestId) =>
            changeFrames(
              {
                ...{ use, within: enterprise, changeId: params.change_id, base: baseOf(path) },
                ...{ mayAct: mayAct(caller, scope), after: headers['Last-Event-ID'], pace, requestId },
              },
              signal,
            ),
          ),
        ),
      ),
  }),
];

const stageOf = (word: string): E.Either<AppError, (typeof stages)[number]> => {
  const stage = stages.find((known) => known === word);
  return stage === undefined
    ? E.left(
        appError(
          'not_found',
          'unsupported_stage',
          `One of ${stages.join(', ')} was expected; found ${word}.`,
        ),
      )
    : E.right(stage);
};
