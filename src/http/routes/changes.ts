/** Changes of the standalone host: handing in, leading through the pipeline, and how far each has come. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { done, doneTo, none, ok, seen, single } from '../answers.js';
import { asOf } from '../as-of.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';
import { ofChange, ofSubmission } from '../where.js';
import { pageOf, ref } from '../view-schemas.js';

/** Usual and largest page, as of jobs. */
const MOST_CHANGES = 1000;

type Deed = 'approveChange' | 'deliverChange' | 'cancelChange' | 'deleteChange';

/** One thing done with one change; 202 where the rest follows by itself. */
const deed = (word: string, name: Deed, status: 200 | 202): Route =>
  route({
    ...none,
    method: 'post',
    path: `/changes/:id/${word}`,
    doc: {
      summary: `${word[0]?.toUpperCase() ?? ''}${word.slice(1)} a change`,
      status,
      answer: ref('Change'),
    },
    role: 'operator',
    where: ofChange,
    params: codecs.IdParam,
    body: codecs.ChangeDeedBody,
    run: (use, { context, params }) => pipe(use[name](context, params.id), TE.map(doneTo(status))),
  });

export const changeRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/changes',
    doc: { summary: 'Changes, newest first', answer: pageOf('Change') },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.ChangesPageQuery,
    run: (use, { query: { at, cursor, limit = MOST_CHANGES, ...filter }, sees }) =>
      asOf(use, at, (reads) =>
        pipe(
          reads.listChanges(seen(filter, sees), { limit, ...(cursor === undefined ? {} : { cursor }) }),
          TE.map(ok),
        ),
      ),
  }),
  route({
    ...none,
    method: 'post',
    path: '/changes',
    doc: {
      ...{ summary: 'Submit a branch', status: 201, answer: ref('Change') },
      example: { repository: '/srv/git/shop', branch: 'feature/login', target: 'master' },
    },
    role: 'operator',
    where: ofSubmission,
    body: codecs.SubmitChangeBody,
    run: (use, { context, body }) => pipe(use.submitChange(context, body), TE.map(doneTo(201))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/changes/:id',
    doc: { summary: 'One change', answer: ref('Change') },
    role: 'viewer',
    where: ofChange,
    params: codecs.IdParam,
    query: codecs.AtQuery,
    run: (use, { params, query }) =>
      asOf(use, query.at, (reads) => pipe(reads.showChange(params.id), TE.map(single))),
  }),
  deed('approve', 'approveChange', 202),
  deed('deliver', 'deliverChange', 202),
  deed('cancel', 'cancelChange', 202),
  deed('delete', 'deleteChange', 200),
  route({
    ...none,
    method: 'post',
    path: '/changes/:id/rerun',
    doc: { summary: 'Run a stage of a change again, or one phase of it', status: 202, answer: ref('Change') },
    role: 'operator',
    where: ofChange,
    params: codecs.IdParam,
    body: codecs.RerunChangeBody,
    run: (use, { context, params, body }) =>
      pipe(
        use.rerunChange(context, params.id, {
          stage: body.stage,
          ...(body.phase === undefined ? {} : { phase: body.phase }),
          ...(body.consumer === undefined ? {} : { consumer: body.consumer }),
        }),
        TE.map(done(202)),
      ),
  }),
];
