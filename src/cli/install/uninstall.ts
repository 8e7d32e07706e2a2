/** `baton delete-runner NAME --uninstall`: retires the runner, then takes away what was installed on its machine. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { Machine, OpenMachine, Removed } from '../../install/machine.js';
import type { Manifest, Owner } from '../../install/manifest.js';
import { exitCodes } from '../exit.js';
import { interruptible } from '../follow.js';
import { note, say, type Io } from '../io.js';
import type { Session } from '../session.js';
import { fail, jsonLine } from '../print.js';
import { plain } from '../terminal.js';
import { ofMachine, ofServer } from './failures.js';
import { proofOf } from './login.js';
import { mayTakeAway } from './ownership.js';
import { agrees, reach } from './reach.js';
import { reportOn } from './report.js';
import { retireStep, type Farewell, type Retiring } from './retire.js';
import { interrupted, type Failure } from './steps.js';
import type { Login } from './wish.js';

export interface UninstallWish extends Farewell {
  /** Who logs in there. */
  readonly admin: string;
  readonly login: Login;
  /** Absent: as the server reaches it. */
  readonly host?: string;
  readonly port?: number;
  /** Also what was installed for another runner, or from another Baton. */
  readonly anyOwner: boolean;
  readonly yes: boolean;
}

interface Running extends Retiring {
  readonly io: Io;
  readonly session: Session;
  readonly wish: UninstallWish;
  readonly open: OpenMachine;
}

/** `nothing`: no installation was there. */
interface Cleaned extends Removed {
  readonly was: 'installed' | 'nothing';
}

const NOT_RETIRED = 'The runner is as it was; without --uninstall it is retired whatever its machine says.';

type Proof = Parameters<typeof reach>[3];

const connected = async (
  { io, wish, open, report, signal }: Running,
  { host, port, hostKeys }: RunnerAsOf,
  proof: Proof,
): Promise<E.Either<Failure, Machine>> => {
  const where = { host: wish.host ?? host, port: wish.port ?? port, user: wish.admin, hostKeys };
  report.tell({ step: 'connect', status: 'begun', detail: `connecting to ${where.user}@${where.host}` });
  const machine = await reach(io, open, where, proof, signal, report.clear);
  if (E.isLeft(machine)) {
    report.tell({ step: 'connect', status: 'failed' });
    return machine;
  }
  report.tell({ step: 'connect', status: 'done', detail: `${where.user}@${where.host}:${where.port}` });
  return machine;
};

/** What an installation made there, if it may be taken away; nothing is changed by looking. */
const lookedAt = async (
  { wish: { anyOwner, host } }: Running,
  runner: RunnerAsOf,
  machine: Machine,
  owner: Owner,
): Promise<E.Either<Failure, Manifest | undefined>> => {
  const look = await machine.look(runner.user)();
  if (E.isLeft(look)) return E.left(ofMachine(look.left));
  const { manifest } = look.right;
  const may = anyOwner ? E.right(undefined) : mayTakeAway(manifest, owner, host ?? runner.host);
  return E.isLeft(may) ? may : E.right(manifest);
};

/** Another runner whose jobs run as the same account would lose it. */
const alone = async (
  { session: { client } }: Running,
  { name, host, port, user }: RunnerAsOf,
): Promise<E.Either<Failure, void>> => {
  const all = await client.listRunners();
  if (E.isLeft(all)) return E.left(ofServer(all.left));
  const other = all.right.items.find(
    (one) =>
      one.name !== name &&
      one.state !== 'retired' &&
      // another port may lead to another machine: there the manifest tells
      one.host === host &&
      one.port === port &&
      one.user === user,
  );
  return other === undefined
    ? E.right(undefined)
    : E.left({
        code: 'account_in_use',
        sentence: `The runner ${other.name} uses the account ${user} on ${host} as well, so it is not taken away.`,
        hint: `Remove ${other.name} first, or leave --uninstall out.`,
        exit: exitCodes.conflict,
      });
};

/** Retired, but still set up: what to do about it later. */
const later = ({ name, admin }: UninstallWish): string =>
  `The runner is retired; what was installed on its machine is still there. Take it away later: baton delete-runner ${name} --uninstall --as ${admin}`;

const hinted = (failure: Failure, more: string): E.Either<Failure, never> => {
  const { hint } = failure;
  return E.left({ ...failure, hint: hint === undefined ? more : `${hint} ${more}` });
};

/** Of a machine that is away: it may never come back, so its runner is retired all the same. */
const AWAY: ReadonlySet<string> = new Set([
  'name_not_found',
  'refused',
  'timed_out',
  'unreachable',
  'connection_lost',
]);

/** Jobs that nobody said what is to become of; told before anybody is asked for a password. */
const idle = ({ wish }: Running, { name, state, current }: RunnerAsOf): E.Either<Failure, void> => {
  const jobs = Object.keys(current).length;
  return jobs === 0 || wish.cancelJobs || wish.wait || state === 'removing' || state === 'retired'
    ? E.right(undefined)
    : E.left({
        code: 'runner_busy',
        sentence: `The runner ${name} is busy with ${jobs === 1 ? 'one job' : `${jobs} jobs`}.`,
        hint: '--wait lets them end first, and gives it no new ones; --cancel-jobs cancels them.',
        exit: exitCodes.conflict,
      });
};

const confirmed = async (
  { io, wish, signal }: Running,
  { user, host }: RunnerAsOf,
): Promise<E.Either<Failure, void>> => {
  if (wish.yes) return E.right(undefined);
  if (io.person === undefined)
    return E.left({
      code: 'not_confirmed',
      sentence: 'There is no terminal to ask whether that shall be done.',
      hint: 'Say so with -y.',
      exit: exitCodes.usage,
    });
  const question = `The runner ${plain(wish.name)} is retired, and the account ${plain(user)} and all that was installed with it is taken from ${plain(wish.host ?? host)}. Shall it be done?`;
  return (await agrees(io, question, signal))
    ? E.right(undefined)
    : E.left({ ...interrupted, code: 'declined', sentence: 'It was not wanted.' });
};

/** Retired once it is known that its machine can be cleaned. */
const retireAndClean = async (
  running: Running,
  runner: RunnerAsOf,
  machine: Machine,
  { owner, proof }: { readonly owner: Owner; readonly proof: Proof },
): Promise<E.Either<Failure, Cleaned>> => {
  const { wish, report } = running;
  const made = await lookedAt(running, runner, machine, owner);
  if (E.isLeft(made)) return runner.state === 'retired' ? made : hinted(made.left, NOT_RETIRED);
  const retired = await retireStep(running, runner);
  if (E.isLeft(retired)) return retired;
  if (made.right === undefined) return E.right({ was: 'nothing', left: [] });
  const clean = async (on: Machine): Promise<E.Either<Failure, Cleaned>> => {
    // its jobs have ended: what runs there yet are the shells that the server kept ready, and what jobs left behind
    const options = { endProcesses: true, ...(wish.anyOwner ? {} : { owner }) };
    const removed = await on.uninstall(runner.user, report.tell, options)();
    return E.isLeft(removed)
      ? hinted(ofMachine(removed.left), later(wish))
      : E.right({ was: 'installed', ...removed.right });
  };
  if (Object.keys(runner.current).length === 0) return clean(machine);
  // it may have taken hours, which a login need not outlast
  const again = await connected(running, runner, proof);
  if (E.isLeft(again)) return hinted(again.left, later(wish));
  try {
    return await clean(again.right);
  } finally {
    await again.right.close();
  }
};

const sequence = async (running: Running, runner: RunnerAsOf): Promise<E.Either<Failure, Cleaned>> => {
  const { io, session, wish, signal } = running;
  const may = await alone(running, runner);
  if (E.isLeft(may)) return may;
  const free = idle(running, runner);
  if (E.isLeft(free)) return free;
  const installation = await session.client.showInstallation();
  if (E.isLeft(installation)) return E.left(ofServer(installation.left));
  const owner = { installation: installation.right.installationId, name: wish.name };
  const wanted = await confirmed(running, runner);
  if (E.isLeft(wanted)) return wanted;
  const proof = await proofOf(io, wish.login, `${wish.admin}@${wish.host ?? runner.host}`, signal);
  if (E.isLeft(proof)) return proof;
  const machine = await connected(running, runner, proof.right);
  if (E.isRight(machine)) {
    try {
      return await retireAndClean(running, runner, machine.right, { owner, proof: proof.right });
    } finally {
      await machine.right.close();
    }
  }
  if (!AWAY.has(machine.left.code))
    return runner.state === 'retired' ? machine : hinted(machine.left, NOT_RETIRED);
  const retired = await retireStep(running, runner);
  return E.isLeft(retired) ? retired : hinted(machine.left, later(wish));
};

const tellEnd = (
  { io, session, wish }: Running,
  runner: RunnerAsOf,
  ended: E.Either<Failure, Cleaned>,
): void => {
  if (E.isLeft(ended)) {
    const { exit = exitCodes.error, ...failure } = ended.left;
    io.exit(exit);
    if (session.asJson) say(io, jsonLine({ result: 'failed', ...failure }));
    else {
      note(io, plain(`baton: ${failure.sentence}`));
      if (failure.hint !== undefined) note(io, plain(`hint: ${failure.hint}`));
    }
    return;
  }
  const { was, left } = ended.right;
  if (session.asJson) {
    say(io, jsonLine({ result: was === 'nothing' ? 'not_installed' : 'uninstalled', name: wish.name, left }));
    return;
  }
  const host =
    was === 'nothing'
      ? `nothing of an installation for ${runner.user} is there on ${runner.host}`
      : left.length === 0
        ? `${runner.host} is as it was before it was installed`
        : `what was installed on ${runner.host} is taken away, but for what follows`;
  say(io, plain(`Runner ${wish.name} is retired, and ${host}.`));
  for (const sentence of left) note(io, plain(`left there: ${sentence}`));
};

/** Ends with the exit code set; everything was told. */
export const uninstall = async (
  io: Io,
  session: Session,
  wish: UninstallWish,
  open: OpenMachine,
): Promise<void> => {
  const shown = await session.client.showRunner(wish.name);
  if (E.isLeft(shown)) {
    fail(io, session.asJson, shown.left);
    return;
  }
  const report = reportOn(io, session.asJson);
  const { signal, release } = interruptible(io.onInterrupt, () => {
    report.clear();
    note(io, '\nIt ends after the current step; Ctrl-C once more ends at once.');
  });
  const running = { io, session, client: session.client, wish, open, report, signal };
  const ended = await sequence(running, shown.right);
  report.close();
  release();
  tellEnd(running, shown.right, ended);
};
