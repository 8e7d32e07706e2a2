/** `…/pipelines/:pipe/phase_runs/:run_id`: one row of a matrix, and its log. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError } from '../../../app/errors.js';
import type { NumberedJob } from '../../../app/original.js';
import { route, type Route } from '../../route.js';
import * as codecs from '../codecs.js';
import { baseOf, phaseRunHref } from '../links.js';
import { logFile } from '../log-file.js';
import { logFileName, phaseRunJson } from '../phase-run-json.js';
import { ofPhaseRun } from '../places.js';
import { json, nothing } from '../row.js';
import { runLog } from '../run-log.js';

export const PHASE_RUN = '/:ent/orgs/:org/projects/:proj/pipelines/:pipe/phase_runs/:run_id';

const logHref = (path: string, { job, phaseRun }: NumberedJob): string =>
  `${phaseRunHref(baseOf(path), job, phaseRun)}/log`;

export const phaseRunRoutes: readonly Route[] = [
  route({
    ...nothing,
    method: 'get',
    path: PHASE_RUN,
    role: 'viewer',
    where: ofPhaseRun,
    params: codecs.PhaseRunParams,
    run: (use, { params, path }) =>
      pipe(
        use.originalPhaseRun({ enterprise: params.ent }, params.run_id),
        TE.chain(({ value }) =>
          pipe(
            runLog(use, value.job, logHref(path, value)),
            TE.map((log) => json(phaseRunJson(value, log))),
          ),
        ),
      ),
  }),
  route({
    ...nothing,
    method: 'get',
    path: `${PHASE_RUN}/log`,
    role: 'viewer',
    where: ofPhaseRun,
    params: codecs.PhaseRunParams,
    query: codecs.LogQuery,
    run: (use, { params, query, path }) =>
      pipe(
        use.originalPhaseRun({ enterprise: params.ent }, params.run_id),
        TE.chain(({ value }) =>
          logFile(use, value.job, {
            ...{ name: logFileName(value), href: logHref(path, value) },
            inColour: query.colorize === 'true',
            ...(query.output === undefined ? {} : { output: query.output }),
          }),
        ),
      ),
  }),
  route({
    ...nothing,
    method: 'get',
    path: `${PHASE_RUN}/log_objects`,
    role: 'viewer',
    where: ofPhaseRun,
    params: codecs.PhaseRunParams,
    run: () =>
      TE.left(
        appError(
          'not_found',
          'log_not_found',
          'Baton keeps no compliance reports beside a log: what a phase has found stands in its log.',
        ),
      ),
  }),
];
