/** Logs in to a machine and works on it, one operation at a time; see `machine.ts` for the words and `runner/` for what happens there. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { appError } from '../app/errors.js';
import { logIn, type AdministratorLink } from '../ssh/administrator.js';
import { packageDoneOf, factsOf, type Answer } from './answer.js';
import { checkPackage, checkSpec, isRunnerUser } from './check-spec.js';
import { exchange, type Order } from './exchange.js';
import { roomOf, toolsOf } from './fitness.js';
import { lookOf, manifestIn } from './look.js';
import type { Login, Look, Machine, OnStep, OpenMachine, Prepared, RunnerSpec, StepWord } from './machine.js';
import { accountsOf, lookOrder, packageOrder, prepareOrder, undoOrder, uninstallOrder } from './orders.js';
import { notConnected } from './refusals.js';
import { systemOf, type System } from './systems.js';

const silent: OnStep = () => undefined;

const baseOf = (runnerUser: string): string => `/var/opt/baton/${runnerUser}`;

const refuseUser = (runnerUser: string): E.Either<AppError, undefined> =>
  isRunnerUser(runnerUser)
    ? E.right(undefined)
    : E.left(
        appError('invalid', 'invalid_runner', `${runnerUser} cannot be the name of a runner's account.`),
      );

const notUnderstood = (answer: Answer): AppError =>
  appError('runner', 'protocol', `The machine's answer was not understood: ${JSON.stringify(answer.facts)}.`);

/** Tells the beginning and the end of a step that is judged here. */
const judged = <A>(
  on: OnStep,
  step: StepWord,
  verdict: E.Either<AppError, A>,
  detail: (found: A) => string | undefined = () => undefined,
): E.Either<AppError, A> => {
  on({ step, status: 'begun' });
  const told = E.isLeft(verdict) ? verdict.left.message : detail(verdict.right);
  const status = E.isLeft(verdict) ? 'failed' : 'done';
  on({ step, status, ...(told === undefined ? {} : { detail: told }) });
  return verdict;
};

/** Whether the machine can be made what is asked, step by step; nothing is changed. */
const fit = (on: OnStep, look: Look, base: string): E.Either<AppError, System> => {
  judged(on, 'privileges', E.right(look.privileges), (how) => how);
  const { platform = '', platform_version: version = '' } = look.attributes;
  const system = judged(on, 'system', systemOf(look.attributes), () => `${platform} ${version}`.trim());
  if (E.isLeft(system)) return system;
  const room = judged(on, 'room', roomOf(look, base), (told) => told);
  if (E.isLeft(room)) return room;
  const tools = judged(on, 'tools', toolsOf(look));
  return E.isLeft(tools) ? tools : system;
};

const machineOver = (link: AdministratorLink, login: Login): Machine => {
  // names what this Machine makes, in the manifest
  const run = randomBytes(8).toString('hex');
  const worked = new Set<string>();
  const give = (order: Order, on?: OnStep) => exchange(link, login, order, on);
  const lookAt = async (runnerUser: string, base: string): Promise<E.Either<AppError, Look>> => {
    const named = refuseUser(runnerUser);
    if (E.isLeft(named)) return named;
    const answer = await give({ lines: lookOrder(runnerUser, base) });
    return E.isLeft(answer) ? answer : lookOf(answer.right);
  };
  const prepare = async (asked: RunnerSpec, on: OnStep): Promise<E.Either<AppError, Prepared>> => {
    const spec = checkSpec(asked, new Date());
    if (E.isLeft(spec)) return spec;
    const look = await lookAt(asked.runnerUser, asked.base);
    if (E.isLeft(look)) return look;
    const system = fit(on, look.right, asked.base);
    if (E.isLeft(system)) return system;
    worked.add(asked.runnerUser);
    const answer = await give({ lines: prepareOrder(run, asked, system.right) }, on);
    if (E.isLeft(answer)) return answer;
    const manifest = manifestIn(answer.right);
    if (E.isLeft(manifest)) return manifest;
    const [changed] = factsOf(answer.right, 'changed');
    return manifest.right === undefined || changed === undefined
      ? E.left(notUnderstood(answer.right))
      : E.right({ accounts: accountsOf(asked), manifest: manifest.right, changed: changed === 'yes' });
  };
  return {
    hostKey: link.hostKey,
    look: (runnerUser) => () => lookAt(runnerUser, baseOf(runnerUser)),
    prepare:
      (spec, on = silent) =>
      () =>
        prepare(spec, on),
    undo:
      (on = silent) =>
      async () => {
        const left: string[] = [];
        for (const runnerUser of worked) {
          const answer = await give({ lines: undoOrder(run, runnerUser) }, on);
          if (E.isLeft(answer)) return answer;
          left.push(...answer.right.left);
        }
        worked.clear();
        return E.right({ left });
      },
    installPackage:
      (runnerUser, asked, on = silent) =>
      async () => {
        const named = refuseUser(runnerUser);
        if (E.isLeft(named)) return named;
        const file = checkPackage(asked);
        if (E.isLeft(file)) return file;
        const found = await stat(asked.file).catch(() => undefined);
        if (found?.isFile() !== true)
          return E.left(appError('invalid', 'invalid_package', `${asked.file} is no file that can be read.`));
        worked.add(runnerUser);
        const lines = packageOrder(run, runnerUser, asked, found.size);
        const answer = await give({ lines, file: asked.file }, on);
        if (E.isLeft(answer)) return answer;
        const done = packageDoneOf(answer.right);
        return done === undefined ? E.left(notUnderstood(answer.right)) : E.right(done);
      },
    uninstall:
      (runnerUser, on = silent, options = {}) =>
      async () => {
        const named = refuseUser(runnerUser);
        if (E.isLeft(named)) return named;
        const lines = uninstallOrder(run, runnerUser, options);
        const answer = await give({ lines }, on);
        return E.isLeft(answer) ? answer : E.right({ left: answer.right.left });
      },
    close: () => link.close(),
  };
};

/** Errors have the reasons of `refusals.ts`: `permission_denied`, `host_key_unknown`, `sudo_password_wrong`, … */
export const openMachine: OpenMachine = (login) => async () => {
  // sudo takes a line: what follows it would be taken for the program
  if (/[\r\n\0]/.test(login.sudoPassword ?? ''))
    return E.left(appError('invalid', 'invalid_password', 'The password for sudo has more than one line.'));
  const link = await logIn(login);
  return E.isLeft(link) ? E.left(notConnected(login, link.left)) : E.right(machineOver(link.right, login));
};
