/** The steps that change something, each with what undoes it: packages fetched, enrolled, set up, installed, tested, proved. */
import * as E from 'fp-ts/lib/Either.js';
import type { Machine, PackageFile, PemFile, StepEvent } from '../../install/machine.js';
import type { RunnerTested } from '../../app/use-cases.js';
import type { Client, Got } from '../client.js';
import { exitCodes } from '../exit.js';
import { ofMachine, ofServer } from './failures.js';
import { isolates, type Settings } from './settings.js';
import type { Done, Failure, Step } from './steps.js';

export interface Doing {
  readonly settings: Settings;
  readonly client: Client;
  readonly machine: Machine;
  readonly certificates: readonly PemFile[];
  readonly fipsChain?: PemFile;
  /** Fetches, looks into and approves the packages; nothing on the machine or the server is changed by it. */
  readonly fetchPackages: () => Promise<E.Either<Failure, readonly PackageFile[]>>;
  readonly tell: (event: StepEvent) => void;
}

const done = (detail?: string): E.Either<Failure, Done> =>
  E.right({ status: 'done', ...(detail === undefined ? {} : { detail }) });
const unchanged = (detail: string): E.Either<Failure, Done> => E.right({ status: 'unchanged', detail });

/** A sentence when it could not be undone. */
const problemOf = (got: Got<unknown>): string | undefined => (E.isLeft(got) ? got.left.detail : undefined);

/** Of a runner that has to be looked at before it takes jobs again. */
const notReadyText = (name: string, got: Got<RunnerTested>): string | undefined => {
  if (E.isRight(got) && got.right.code === 'ready') return undefined;
  const why = E.isLeft(got) ? got.left.detail : got.right.sentence;
  return `they are set back, but it takes no jobs before a test that succeeds (baton runner test ${name}): ${why}`;
};

const GO_ON = 'The same command goes on where it was, once the machine is reached again.';

/** What cannot be undone any more has to be told with the way on. */
const machineFailure = (failure: Failure): Failure =>
  failure.code === 'connection_lost'
    ? { ...failure, hint: failure.hint === undefined ? GO_ON : `${failure.hint} ${GO_ON}` }
    : failure;

const REASON = 'its installation did not succeed';

/** Gives the line that the machine has to accept to whoever asks later. */
const enrolStep = (doing: Doing, keep: (publicKey: string) => void): Step => {
  const { client, settings } = doing;
  const { wish, enrolment, hostKey, base, port } = settings;
  const { name } = wish;
  return {
    id: 'enrol',
    title: `enrolling ${name} at ${client.url}`,
    run: async (owe) => {
      if (enrolment.kind === 'new') {
        const added = await client.addRunner({
          ...{ name, host: wish.serverHost, port, user: wish.runnerUser, slots: enrolment.slots },
          ...{ labels: wish.labels, hostKey, base, trial: true },
          ...(wish.enterprises.length === 0 ? {} : { enterprises: wish.enterprises }),
          ...(wish.isolate ? { isolated: true } : {}),
        });
        if (E.isLeft(added)) return E.left(ofServer(added.left));
        owe({
          what: `the runner ${name} at the server`,
          // as long as it is there, the server logs in to the machine
          first: true,
          run: async () =>
            problemOf(await client.actOnRunner(name, 'remove', { cancelJobs: true, reason: REASON })),
        });
        keep(added.right.publicKey ?? '');
        return done(`${name}, on trial until its first job has run`);
      }
      const { runner, changes, before } = enrolment;
      keep(runner.publicKey ?? '');
      if (Object.keys(changes).length === 0) return unchanged(`${name}, with its key and its settings`);
      const set = await client.setRunner(name, { ...changes, reason: 'installed again' });
      if (E.isLeft(set)) return E.left(ofServer(set.left));
      owe({
        what: `the changed settings of ${name}`,
        run: async () => {
          const back = await client.setRunner(name, { ...before, reason: REASON });
          if (E.isLeft(back)) return back.left.detail;
          // settings that were others for a while take what was last seen of it along
          return runner.probe === undefined || back.right.runner.probe !== undefined
            ? undefined
            : notReadyText(name, await client.testRunner(name));
        },
      });
      return done(`${name}: ${Object.keys(changes).join(', ')} set; its key stays`);
    },
  };
};

const prepareStep = (doing: Doing, publicKey: () => string): Step => {
  const { machine, settings, certificates, fipsChain, tell } = doing;
  const { wish, enrolment, base, owner } = settings;
  return {
    id: 'machine',
    title: `setting up ${wish.host}`,
    inParts: true,
    run: async (owe) => {
      owe({
        what: `the changes on ${wish.host}`,
        run: async () => {
          const got = await machine.undo()();
          if (E.isLeft(got)) return got.left.message;
          return got.right.left.length === 0 ? undefined : got.right.left.join(' ');
        },
      });
      const got = await machine.prepare(
        {
          ...{ runnerUser: wish.runnerUser, slots: enrolment.slots, base, certificates },
          isolate: isolates(settings),
          ...{ owner, publicKey: publicKey() },
          sudo: wish.sudo ?? 'none',
          ...(fipsChain === undefined ? {} : { fipsChain }),
        },
        tell,
      )();
      return E.isLeft(got) ? E.left(machineFailure(ofMachine(got.left))) : done();
    },
  };
};

const packageStep = (doing: Doing, packages: () => readonly PackageFile[]): Step => ({
  id: 'package',
  title: `installing packages on ${doing.settings.wish.host}`,
  inParts: true,
  // the machine's own undo knows of it
  run: async () => {
    for (const file of packages()) {
      const got = await doing.machine.installPackage(doing.settings.wish.runnerUser, file, doing.tell)();
      if (E.isLeft(got)) return E.left(machineFailure(ofMachine(got.left)));
    }
    return done();
  },
});

const isReady = ({ code, sentence }: Pick<RunnerTested, 'code' | 'sentence'>): E.Either<Failure, Done> =>
  code === 'ready' ? done(sentence) : E.left({ code, sentence, exit: exitCodes.error });

const lookedAt = (got: Got<RunnerTested>): E.Either<Failure, Done> =>
  E.isLeft(got) ? E.left(ofServer(got.left)) : isReady(got.right);

export const stepsOf = (doing: Doing): readonly Step[] => {
  const { client, settings, fetchPackages } = doing;
  const { name } = settings.wish;
  let publicKey = '';
  let packages: readonly PackageFile[] = [];
  const has = settings.downloads.length > 0 || settings.own !== undefined;
  const fetchStep: Step = {
    id: 'fetch',
    title: 'fetching packages',
    run: async () => {
      const got = await fetchPackages();
      if (E.isLeft(got)) return got;
      packages = got.right;
      return done(packages.map((one) => `${one.name} ${one.version}`).join(', '));
    },
  };
  return [
    ...(has ? [fetchStep] : []),
    enrolStep(doing, (line) => void (publicKey = line)),
    prepareStep(doing, () => publicKey),
    ...(has ? [packageStep(doing, () => packages)] : []),
    {
      id: 'test',
      title: `the server logs in to ${name} and looks at it`,
      run: async () => lookedAt(await client.testRunner(name)),
    },
    {
      id: 'prove',
      title: `a first job runs on ${name}`,
      run: async () => {
        const got = await client.proveRunner(name);
        const { enrolment } = settings;
        // one that works was proved before; its jobs are not disturbed for it
        if (E.isLeft(got) && got.left.reason === 'runner_busy' && enrolment.kind === 'same')
          return unchanged('not proved again, since jobs are in all of its slots');
        return lookedAt(got);
      },
    },
  ];
};
