/** Runners: which machines there are, and what is done with them. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../../app/errors.js';
import type { Done } from '../../app/use-cases.js';
import { list, none, ok, single } from '../answers.js';
import * as codecs from '../codecs.js';
import { route, type Answer, type Role, type Route } from '../route.js';

const command = (verb: string, role: Role) => ({
  ...none,
  method: 'post' as const,
  path: `/runners/:name/${verb}`,
  role,
  params: codecs.NameParam,
});

const done = <A>(
  task: TaskEither<AppError, Done<A>>,
  status: 200 | 202 = 200,
): TaskEither<AppError, Answer> =>
  pipe(
    task,
    TE.map(({ value, repeated }) => ({ kind: 'json', status, value, repeated })),
  );

export const runnerRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/runners',
    role: 'viewer',
    run: (use) => pipe(use.listRunners(), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners',
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
        TE.map(({ value, repeated }) => ({ kind: 'json', status: 201, value, repeated })),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/runners/:name',
    role: 'viewer',
    params: codecs.NameParam,
    run: (use, { params }) => pipe(use.showRunner(params.name), TE.map(single)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners/:name/test',
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
    ...command('drain', 'operator'),
    body: codecs.ReasonBody,
    run: (use, { context, params }) => done(use.drainRunner(context, params.name)),
  }),
  route({
    ...command('pause', 'operator'),
    body: codecs.PauseBody,
    run: (use, { context, params, body }) => done(use.pauseRunner(context, params.name, body.until)),
  }),
  route({
    ...command('resume', 'operator'),
    body: codecs.ReasonBody,
    run: (use, { context, params }) => done(use.resumeRunner(context, params.name)),
  }),
  route({
    ...command('clear', 'operator'),
    body: codecs.ClearBody,
    run: (use, { context, params, body }) => done(use.clearRunner(context, params.name, body.slot)),
  }),
  route({
    ...command('trust', 'admin'),
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
    ...command('remove', 'admin'),
    body: codecs.RemoveBody,
    // jobs may have to end first
    run: (use, { context, params, body }) =>
      done(use.removeRunner(context, params.name, body.cancelJobs === true), 202),
  }),
  route({
    ...command('settings', 'admin'),
    body: codecs.SettingsBody,
    run: (use, { context, params, body: { reason: _, ...settings } }) =>
      done(use.setRunner(context, params.name, settings)),
  }),
];
