/** `…/pipelines/:pipe/phase_runs/:run_id`: one row of a matrix, and its log. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError } from '../../../app/errors.js';
import type { Answer } from '../../answer.js';
import { logBytes } from '../../log-bytes.js';
import { route, type Route } from '../../route.js';
import * as codecs from '../codecs.js';
import { baseOf, phaseRunHref } from '../links.js';
import { logFileName, phaseRunJson } from '../phase-run-json.js';
import { ofPhaseRun } from '../places.js';
import { plainText } from '../plain-text.js';
import { json, nothing } from '../row.js';
import { runLog } from '../run-log.js';

export const PHASE_RUN = '/:ent/orgs/:org/projects/:proj/pipelines/:pipe/phase_runs/:run_id';

const bytesOf = (piece: string | Buffer): Buffer => (typeof piece === 'string' ? Buffer.from(piece) : piece);

/** As a file to keep. How long it is without its colours nobody knows before. */
const asFile = (answer: Answer, name: string, inColour: boolean): Answer => {
  if (answer.kind !== 'stream') return answer;
  const { pieces, headers } = answer;
  const { 'Content-Length': length, 'Accept-Ranges': _, ...rest } = headers;
  return {
    ...answer,
    headers: {
      ...rest,
      ...(inColour && length !== undefined ? { 'Content-Length': length } : {}),
      'Content-Disposition': `attachment; filename="${name}"`,
    },
    ...(inColour
      ? {}
      : {
          pieces: async function* (signal, requestId) {
            const plain = plainText();
            for await (const piece of pieces(signal, requestId)) yield plain(bytesOf(piece));
          },
        }),
  };
};

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
            runLog(use, value.job, `${phaseRunHref(baseOf(path), value.job, value.phaseRun)}/log`),
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
    run: (use, { params, query }) =>
      pipe(
        use.originalPhaseRun({ enterprise: params.ent }, params.run_id),
        TE.chain(({ value }) =>
          pipe(
            logBytes(use, value.job.id, {}, ''),
            TE.map((answer) => asFile(answer, logFileName(value), query.colorize === 'true')),
          ),
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
