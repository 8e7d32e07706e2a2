/** Engines that speak HTTP: what they command, and how their phases stand. See docs/write-a-host.md. */
import { pipe } from 'fp-ts/lib/function.js';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../../app/errors.js';
import type { HostAnswer } from '../../app/host-calls.js';
import type { CommandContext, Done } from '../../app/use-cases.js';
import { done, none, single } from '../answers.js';
import type { Answer } from '../answer.js';
import { authorizedAt, authorizedEverywhere } from '../authorize.js';
import * as codecs from '../host-codecs.js';
import { route, type Route } from '../route.js';
import { ofPhase, ofPhaseToCancel, ofPromotion } from '../where.js';
import { ref } from '../view-schemas.js';

/** 202 for what goes on from here; 200 where nothing does. */
const answer = (told: Done<HostAnswer>): Answer => done(told.value.status === 'accepted' ? 202 : 200)(told);

/** The key of the engine goes before that of the request. */
const under = (context: CommandContext, commandId: string | undefined): CommandContext =>
  commandId === undefined ? context : { ...context, commandId };

const commanded = {
  ...{ status: 202, also: { status: 200, when: 'Nothing new: it was known, or there was nothing to do' } },
  answer: ref('HostAnswer'),
};

const HERE = '/hosts/:host/phases';

export const hostRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'post',
    path: HERE,
    doc: {
      ...{ summary: 'Run a phase of an engine', ...commanded },
      example: {
        hostKey: 'build-7',
        scope: { enterprise: 'default', organisation: 'default', project: 'web-shop' },
        ...{ pipeline: 'main', stage: 'verify', phase: 'unit' },
        source: { kind: 'git', repository: '/srv/git/web-shop', sha: 'a'.repeat(40), branch: 'main' },
        steps: [{ name: 'unit', run: 'make test' }],
        limits: { totalMs: 600_000 },
      },
    },
    role: 'operator',
    where: ofPromotion,
    ifMatch: false,
    params: codecs.HostParam,
    body: codecs.PromoteBody,
    run: (use, { context, params: { host }, body: { commandId, reason: _, ...promotion } }) =>
      pipe(use.promotePhase(under(context, commandId), { host, promotion }), TE.map(answer)),
  }),
  route({
    ...none,
    method: 'get',
    path: `${HERE}/:hostKey`,
    doc: { summary: 'How a phase of an engine stands, now or as soon as that is news', answer: ref('Phase') },
    role: 'viewer',
    where: ofPhase,
    params: codecs.PhaseParam,
    query: codecs.PhaseQuery,
    run: (use, { params, query: { attempt, wait = 0, known }, context: { caller }, gone, sees }) =>
      pipe(
        use.followPhase(
          { ...params, ...(attempt === undefined ? {} : { attempt }) },
          {
            ...{ caller, waitMs: wait * 1000, signal: gone() },
            ...(known === undefined ? {} : { known }),
            ...(sees === undefined ? {} : { sees }),
          },
        ),
        TE.map(single),
      ),
  }),
  route({
    ...none,
    method: 'post',
    path: `${HERE}/:hostKey/cancel`,
    doc: {
      ...{ summary: 'Cancel a phase of an engine, also before it comes', ...commanded },
      example: { attempt: 1, reason: 'obsoleted by a newer commit' },
    },
    role: 'operator',
    where: ofPhaseToCancel,
    ifMatch: false,
    params: codecs.PhaseParam,
    body: codecs.CancelPhaseBody,
    run: (use, { context, params, body: { commandId, attempt } }) =>
      pipe(
        use.cancelPhase(under(context, commandId), {
          ...params,
          ...(attempt === undefined ? {} : { attempt }),
        }),
        TE.map(answer),
      ),
  }),
  route({
    ...none,
    method: 'post',
    path: '/hosts/:host/changes/:id/supersede',
    doc: {
      ...{ summary: 'Cancel what lives of a change of an engine', ...commanded },
      example: { by: 'change-8' },
    },
    role: 'operator',
    where: 'anywhere',
    ifMatch: false,
    params: codecs.HostChangeParam,
    body: codecs.SupersedeBody,
    run: (use, { context, params: { host, id: changeId }, body: { commandId, by } }) =>
      pipe(
        use.placeOfHostChange(host, changeId),
        TE.chainEitherK((place): E.Either<AppError, void> => {
          if (place === undefined || authorizedAt(context.caller, 'operator', place) === undefined)
            return E.right(undefined);
          // in whose scope it lies is nobody's business
          const refusal = authorizedEverywhere(context.caller, 'operator');
          return refusal === undefined ? E.right(undefined) : E.left(refusal);
        }),
        TE.chain(() => use.supersedeHostChange(under(context, commandId), { host, changeId, by })),
        TE.map(answer),
      ),
  }),
];
