/** Runners: which machines there are, and what is done with them. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../../app/errors.js';
import type { RunnerStatus } from '../../app/evidence.js';
import type { Done } from '../../app/use-cases.js';
import type { Role } from '../../domain/grants.js';
import { list, none, ok, single } from '../answers.js';
import { asOf } from '../as-of.js';
import { sightOf } from '../authorize.js';
import * as codecs from '../codecs.js';
import { route, type Answer, type Route } from '../route.js';
import { ref } from '../view-schemas.js';

const command = (
  verb: string,
  role: Role,
  summary: string,
  answer: 'Runner' | 'RunnerTested' | 'RunnerAdded' = 'Runner',
) => ({
  ...none,
  method: 'post' as const,
  path: `/runners/:name/${verb}`,
  doc: { summary, answer: ref(answer) },
  role,
  params: codecs.NameParam,
});

type Changed = RunnerStatus | { readonly runner: RunnerStatus };

const done = (
  task: TaskEither<AppError, Done<Changed>>,
  status: 200 | 202 = 200,
): TaskEither<AppError, Answer> =>
  pipe(
    task,
    TE.map(({ value, repeated }) => {
      const { revision } = 'runner' in value ? value.runner : value;
      return { kind: 'json', status, value, repeated, revision };
    }),
  );

/** Without `limit` the list is whole, and in one order: what would narrow it is refused rather than left aside. */
const wholeOnly = (request: object): E.Either<AppError, void> => {
  const [given] = Object.keys(request);
  return given === undefined
    ? E.right(undefined)
    : E.left(
        appError('invalid', 'limit_needed', `\`${given}\` narrows a list that is asked for with \`limit\`.`, {
          hint: 'Give limit as well, 1 to 1000.',
          problems: [{ path: 'limit', expected: 'a whole number from 1 to 1000', found: 'nothing' }],
        }),
      );
};

export const runnerRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/runners',
    doc: { summary: 'Runners, by name; with `limit` some of them, trouble first', answer: ref('Runners') },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.RunnersQuery,
    run: (use, { query: { at, limit, ...request }, context: { caller } }) =>
      asOf(use, at, (reads) =>
        limit === undefined
          ? pipe(
              wholeOnly(request),
              TE.fromEither,
              TE.chain(() => reads.listRunners(sightOf(caller))),
              TE.map(list),
            )
          : pipe(reads.windowRunners({ ...request, limit }, sightOf(caller)), TE.map(ok)),
      ),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners',
    doc: {
      ...{ summary: 'Enrol a machine', status: 201, answer: ref('RunnerAdded') },
      example: { name: 'build-07', host: 'build-07.example.org', user: 'builder', slots: 2 },
    },
    role: 'admin',
    body: codecs.AddRunnerBody,
    run: (use, { context, body }) =>
      pipe(
        use.addRunner(context, {
          ...body,
          port: body.port ?? 22,
          slots: body.slots ?? 1,
          labels: body.labels ?? [],
        }),
        TE.map(({ value, repeated }) => ({
          kind: 'json',
          status: 201,
          value,
          repeated,
          revision: value.runner.revision,
        })),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/runners/:name',
    doc: { summary: 'One runner, with the evidence for its state', answer: ref('Runner') },
    role: 'viewer',
    where: 'anywhere',
    params: codecs.NameParam,
    query: codecs.AtQuery,
    run: (use, { params, query, context: { caller } }) =>
      asOf(use, query.at, (reads) => pipe(reads.showRunner(params.name, sightOf(caller)), TE.map(single))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners/:name/test',
    doc: { summary: 'Connect now and say whether jobs can run there', answer: ref('RunnerTested') },
    role: 'operator',
    params: codecs.NameParam,
    body: codecs.TestRunnerBody,
    run: (use, { context, params, body }) =>
      pipe(
        use.testRunner(context, params.name, {
          ...(body.acceptHostKey === undefined ? {} : { hostKey: body.acceptHostKey }),
          ...(body.acceptJumpHostKey === undefined ? {} : { jumpHostKey: body.acceptJumpHostKey }),
        }),
        TE.map(ok),
      ),
  }),
  route({
    ...command(
      'prove',
      'admin',
      'Run a small job in each slot and compare all that it writes',
      'RunnerTested',
    ),
    body: codecs.ReasonBody,
    run: (use, { context, params }) => pipe(use.proveRunner(context, params.name), TE.map(ok)),
  }),
  route({
    ...command('drain', 'operator', 'Let its jobs finish, give it no new ones'),
    body: codecs.ReasonBody,
    run: (use, { context, params }) => done(use.drainRunner(context, params.name)),
  }),
  route({
    ...command('pause', 'operator', 'The same, until a time'),
    body: codecs.PauseBody,
    run: (use, { context, params, body }) => done(use.pauseRunner(context, params.name, body.until)),
  }),
  route({
    ...command('resume', 'operator', 'End a drain or a pause'),
    body: codecs.ReasonBody,
    run: (use, { context, params }) => done(use.resumeRunner(context, params.name)),
  }),
  route({
    ...command('clear', 'operator', 'End the quarantine of the runner or of a slot'),
    body: codecs.ClearBody,
    run: (use, { context, params, body }) => done(use.clearRunner(context, params.name, body.slot)),
  }),
  route({
    ...command('trust', 'admin', 'Accept a changed host key by its fingerprint', 'RunnerTested'),
    body: codecs.TrustBody,
    run: (use, { context, params, body: { fingerprint, jump } }) =>
      done(
        use.trustRunner(context, params.name, {
          hop: jump === true ? 'jump' : 'runner',
          ...(fingerprint === undefined ? {} : { fingerprint }),
        }),
      ),
  }),
  route({
    ...command('remove', 'admin', 'Take the runner out for good, once its jobs have ended'),
    doc: {
      ...{ summary: 'Take the runner out for good, once its jobs have ended', status: 202 },
      answer: ref('Runner'),
    },
    body: codecs.RemoveBody,
    // jobs may have to end first
    run: (use, { context, params, body }) =>
      done(use.removeRunner(context, params.name, body.cancelJobs === true), 202),
  }),
  route({
    ...command('settings', 'admin', 'Change how it is reached and what it offers', 'RunnerAdded'),
    body: codecs.SettingsBody,
    run: (use, { context, params, body: { reason: _, ...settings } }) =>
      done(use.setRunner(context, params.name, settings)),
  }),
];
