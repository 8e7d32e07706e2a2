/** `runners`: list, enrol, show, remove, test, and as they change. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { merge } from 'rxjs';
import { appError, type AppError } from '../../../app/errors.js';
import type { AsOf, NumberedRunner, Within } from '../../../app/original.js';
import type { AddRunner, UseCases } from '../../../app/use-cases.js';
import { route, type Route } from '../../route.js';
import * as codecs from '../codecs.js';
import type { HealthTests } from '../health-tests.js';
import { reading, streaming } from '../of-enterprise.js';
import { within, withRole } from '../places.js';
import { done, json, nothing } from '../row.js';
import { hostnamesOf, runnerCalled, runnerJson } from '../runner-json.js';

type All = readonly NumberedRunner[];

/** As `install-runner` of the original set machines up: this account, this port, one job at a time; for the enterprise of the path. */
const asThere = (hostname: string, enterprise: string): AddRunner => ({
  ...{ name: hostname, host: hostname, port: 22, user: 'job_runner', slots: 1, labels: [] },
  enterprises: [enterprise],
});

const unknownRunner = (hostname: string): AppError =>
  appError('not_found', 'runner_unknown', `There is no runner ${hostname} in this enterprise.`, {
    hint: 'See `delivery api get runners`; a runner is called by its address, or by its name.',
  });

const find = (
  use: UseCases,
  enterprise: Within,
  hostname: string,
): TE.TaskEither<AppError, { readonly found: NumberedRunner; readonly all: All }> =>
  pipe(
    use.originalRunners(enterprise),
    TE.chainEitherK(({ value: all }) => {
      const found = runnerCalled(all, hostname);
      return found === undefined ? E.left(unknownRunner(hostname)) : E.right({ found, all });
    }),
  );

export const runnerRoutes = (tests: HealthTests): readonly Route[] => {
  const shown = (found: NumberedRunner, hostnames: ReadonlyMap<string, string>) => {
    const { name } = found.runner;
    return runnerJson(found, hostnames.get(name) ?? name, tests.of(name));
  };
  const listed = ({ value: all }: AsOf<All>) => {
    const hostnames = hostnamesOf(all);
    return all.map((found) => shown(found, hostnames));
  };
  const single = ({ found, all }: { readonly found: NumberedRunner; readonly all: All }) =>
    shown(found, hostnamesOf(all));

  return [
    reading('runners', (use) => use.originalRunners, listed),
    route({
      ...nothing,
      method: 'post',
      path: '/:ent/runners',
      role: 'admin',
      params: codecs.EntParams,
      body: codecs.AddRunnerBody,
      run: (use, { params: { ent }, body: { hostname }, context }) => {
        const look = find(use, { enterprise: ent }, hostname);
        return pipe(
          look,
          // one that is there is answered as it is, with the key that it has
          TE.orElse(() =>
            pipe(
              use.addRunner(context, asThere(hostname, ent)),
              TE.chain(() => look),
            ),
          ),
          TE.map((found) => json(single(found), 201)),
        );
      },
    }),
    streaming('runners', 'runners_state_updated', (use, enterprise) => ({
      changes: merge(use.watchOriginal(), tests.changes),
      read: pipe(
        use.originalRunners(enterprise),
        TE.map((found) => {
          const data = listed(found);
          return { position: found.position, data, state: data };
        }),
      ),
    })),
    route({
      ...nothing,
      method: 'get',
      path: '/:ent/runners/:hostname',
      role: 'viewer',
      where: 'anywhere',
      params: codecs.HostParams,
      run: (use, { params, context: { caller } }) =>
        pipe(
          TE.fromEither(within(caller, params.ent)),
          TE.chain((enterprise) => find(use, enterprise, params.hostname)),
          TE.map((found) => json(single(found))),
        ),
    }),
    route({
      ...nothing,
      method: 'delete',
      path: '/:ent/runners/:hostname',
      role: 'admin',
      params: codecs.HostParams,
      run: (use, { params, context }) =>
        pipe(
          find(use, { enterprise: params.ent }, params.hostname),
          // at once it takes no more jobs; those that run there end first (B5)
          TE.chain(({ found }) => use.removeRunner(context, found.runner.name, 'when_idle')),
          done,
        ),
    }),
    route({
      ...nothing,
      method: 'post',
      path: '/:ent/runners/:hostname/health',
      role: 'operator',
      where: 'anywhere',
      params: codecs.HostParams,
      run: (use, { params, context }) =>
        pipe(
          TE.fromEither(withRole(context.caller, 'operator', params.ent)),
          TE.chain((enterprise) => find(use, enterprise, params.hostname)),
          TE.map((found) => {
            tests.start(use, context, found.found.runner.name);
            return json(single(found));
          }),
        ),
    }),
  ];
};
