/** Reports of a job that runs, as `delivery-cmd` of the original sent them, from whoever is not that job: see `of-attempts.ts`. */
import * as t from 'io-ts';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError } from '../../../app/errors.js';
import { closed } from '../../closed.js';
import { route } from '../../route.js';
import * as codecs from '../codecs.js';
import { ofPhaseRun } from '../places.js';
import { nothing, rows, type V0Row } from '../row.js';
import { PHASE_RUN } from './phase-runs.js';

/** The log is all that there is so far, each time anew. */
const ProgressBody = closed(
  { run_success: t.boolean, run_log: t.string, run_status: t.string },
  { run_complete: t.boolean },
);

const notHere = appError(
  'invalid',
  'not_implemented',
  'Reports of progress are taken from the job itself: with the token that it finds as BATON_REPORT_TOKEN, where its phase has asked for that.',
);

/** Rows may tell by themselves who asks: see `V0Row`. */
export const reportRows: readonly V0Row[] = rows([
  route({
    ...nothing,
    method: 'post',
    path: PHASE_RUN,
    role: 'admin',
    where: ofPhaseRun,
    params: codecs.PhaseRunParams,
    body: ProgressBody,
    run: () => TE.left(notHere),
  }),
]);
