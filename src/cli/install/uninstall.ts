/** `baton delete-runner NAME --uninstall`: retires the runner, then takes away what was installed on its machine. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { OpenMachine, Removed } from '../../install/machine.js';
import { exitCodes } from '../exit.js';
import { interruptible } from '../follow.js';
import { note, say, type Io } from '../io.js';
import type { Session } from '../session.js';
import { fail } from '../print.js';
import { plain } from '../terminal.js';
import { pause } from '../wait.js';
import { ofMachine, ofServer } from './failures.js';
import { proofOf } from './login.js';
import { agrees, reach } from './reach.js';
import { jsonLine, reportOn, type Report } from './report.js';
import { interrupted, type Failure } from './steps.js';
import type { Login } from './wish.js';

export interface UninstallWish {
  readonly name: string;
  /** Who logs in there. */
  readonly admin: string;
  readonly login: Login;
  /** Absent: as the server reaches it. */
  readonly host?: string;
  readonly port?: number;
  readonly reason?: string;
  readonly cancelJobs: boolean;
  readonly yes: boolean;
}

interface Running {
  readonly io: Io;
  readonly session: Session;
  readonly wish: UninstallWish;
  readonly open: OpenMachine;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const POLL_MS = 400;

/** Until its last job has ended and it is retired; that goes on at the server whatever becomes of this command. */
const retire = async (
  { session: { client }, wish, report, signal }: Running,
  runner: RunnerAsOf,
): Promise<E.Either<Failure, void>> => {
  if (runner.state === 'retired') return E.right(undefined);
  const body = { cancelJobs: wish.cancelJobs, ...(wish.reason === undefined ? {} : { reason: wish.reason }) };
  const asked = await client.actOnRunner(wish.name, 'remove', body);
  if (E.isLeft(asked)) return E.left(ofServer(asked.left));
  let { state, current }: Pick<RunnerAsOf, 'state' | 'current'> = asked.right;
  while (state !== 'retired') {
    report.detail(`${Object.keys(current).length} jobs are still there`);
    await pause(signal, POLL_MS);
    if (signal.aborted) return E.left(interrupted);
    const shown = await client.showRunner(wish.name);
    if (E.isLeft(shown)) return E.left(ofServer(shown.left));
    ({ state, current } = shown.right);
  }
  return E.right(undefined);
};

const takeAway = async (
  { io, wish, open, report, signal }: Running,
  { host, port, user, hostKeys }: RunnerAsOf,
  proof: Parameters<typeof reach>[3],
): Promise<E.Either<Failure, Removed>> => {
  const where = { host: wish.host ?? host, port: wish.port ?? port, user: wish.admin, hostKeys };
  report.tell({ step: 'connect', status: 'begun', detail: `connecting to ${where.user}@${where.host}` });
  const machine = await reach(io, open, where, proof, signal, report.clear);
  if (E.isLeft(machine)) {
    report.tell({ step: 'connect', status: 'failed' });
    return machine;
  }
  report.tell({ step: 'connect', status: 'done', detail: `${where.user}@${where.host}:${where.port}` });
  try {
    // its jobs have ended: what runs there yet are the shells that the server kept ready, and what jobs left behind
    const removed = await machine.right.uninstall(user, report.tell, { endProcesses: true })();
    return E.isLeft(removed) ? E.left(ofMachine(removed.left)) : removed;
  } finally {
    await machine.right.close();
  }
};

/** Another runner whose jobs run as the same account would lose it. */
const alone = async (
  { session: { client } }: Running,
  { name, host, user }: RunnerAsOf,
): Promise<E.Either<Failure, void>> => {
  const all = await client.listRunners();
  if (E.isLeft(all)) return E.left(ofServer(all.left));
  const other = all.right.items.find(
    (one) => one.name !== name && one.state !== 'retired' && one.host === host && one.user === user,
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

const sequence = async (running: Running, runner: RunnerAsOf): Promise<E.Either<Failure, Removed>> => {
  const { io, wish, report, signal } = running;
  const where = plain(wish.host ?? runner.host);
  const may = await alone(running, runner);
  if (E.isLeft(may)) return may;
  if (!wish.yes) {
    if (io.person === undefined)
      return E.left({
        code: 'not_confirmed',
        sentence: 'There is no terminal to ask whether that shall be done.',
        hint: 'Say so with -y.',
        exit: exitCodes.usage,
      });
    const question = `The runner ${plain(wish.name)} is retired, and the account ${plain(runner.user)} and all that was installed with it is taken from ${where}. Shall it be done?`;
    if (!(await agrees(io, question, signal)))
      return E.left({ ...interrupted, code: 'declined', sentence: 'It was not wanted.' });
  }
  const proof = await proofOf(io, wish.login, `${wish.admin}@${where}`, signal);
  if (E.isLeft(proof)) return proof;
  report.tell({ step: 'retire', status: 'begun', detail: `retiring ${wish.name}` });
  const retired = await retire(running, runner);
  if (E.isLeft(retired)) {
    report.tell({ step: 'retire', status: 'failed' });
    return retired;
  }
  const status = runner.state === 'retired' ? 'unchanged' : 'done';
  report.tell({ step: 'retire', status, detail: `${wish.name} is retired` });
  const removed = await takeAway(running, runner, proof.right);
  if (E.isRight(removed)) return removed;
  const { hint } = removed.left;
  return E.left({ ...removed.left, hint: hint === undefined ? later(wish) : `${hint} ${later(wish)}` });
};

const tellEnd = (
  { io, session, wish }: Running,
  runner: RunnerAsOf,
  ended: E.Either<Failure, Removed>,
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
  const { left } = ended.right;
  if (session.asJson) {
    say(io, jsonLine({ result: 'uninstalled', name: wish.name, left }));
    return;
  }
  const host =
    left.length === 0
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
  const running = { io, session, wish, open, report, signal };
  const ended = await sequence(running, shown.right);
  report.close();
  release();
  tellEnd(running, shown.right, ended);
};
