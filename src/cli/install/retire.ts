/** How a runner goes before its machine is cleaned: drained and waited for, if that was asked for, then retired. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { Client } from '../client.js';
import { pause } from '../wait.js';
import { ofServer } from './failures.js';
import type { Report } from './report.js';
import { interrupted, type Failure } from './steps.js';

/** What becomes of its jobs, and why it goes. */
export interface Farewell {
  readonly name: string;
  readonly reason?: string;
  readonly cancelJobs: boolean;
  /** Lets its jobs end first. */
  readonly wait: boolean;
}

export interface Retiring {
  readonly client: Client;
  readonly wish: Farewell;
  readonly report: Report;
  readonly signal: AbortSignal;
}

type Seen = Pick<RunnerAsOf, 'state' | 'current'>;

const POLL_MS = 400;

const stillText = ({ current }: Seen): string => {
  const jobs = Object.keys(current).length;
  return jobs === 1 ? 'one job is still there' : `${jobs} jobs are still there`;
};

/** Looks again and again, and tells of the jobs. `stopped`: what Ctrl-C leaves behind. */
const until = async (
  { client, wish, report, signal }: Retiring,
  first: Seen,
  isSo: (seen: Seen) => boolean,
  stopped: Failure,
): Promise<E.Either<Failure, void>> => {
  let seen = first;
  while (!isSo(seen)) {
    report.detail(stillText(seen));
    await pause(signal, POLL_MS);
    if (signal.aborted) return E.left(stopped);
    const shown = await client.showRunner(wish.name);
    if (E.isLeft(shown)) return E.left(ofServer(shown.left));
    seen = shown.right;
  }
  return E.right(undefined);
};

const drain = async (retiring: Retiring): Promise<E.Either<Failure, void>> => {
  const { client, wish, report } = retiring;
  const { name, reason } = wish;
  report.tell({ step: 'drain', status: 'begun', detail: `${name} takes no more jobs` });
  const asked = await client.actOnRunner(name, 'drain', reason === undefined ? {} : { reason });
  const ended = E.isLeft(asked)
    ? E.left(ofServer(asked.left))
    : await until(retiring, asked.right, ({ current }) => Object.keys(current).length === 0, {
        ...interrupted,
        sentence: `It was interrupted; the runner ${name} is draining, and neither retired nor cleaned.`,
        hint: `The same command goes on; for jobs again: baton runner resume ${name}`,
      });
  report.tell({
    step: 'drain',
    ...(E.isLeft(ended) ? { status: 'failed' } : { status: 'done', detail: `no job is left on ${name}` }),
  });
  return ended;
};

/** That goes on at the server whatever becomes of this command. */
const retire = async (retiring: Retiring): Promise<E.Either<Failure, void>> => {
  const { client, wish } = retiring;
  const { name, cancelJobs, reason } = wish;
  const body = { cancelJobs, ...(reason === undefined ? {} : { reason }) };
  const asked = await client.actOnRunner(name, 'remove', body);
  if (E.isLeft(asked)) return E.left(ofServer(asked.left));
  return until(retiring, asked.right, ({ state }) => state === 'retired', {
    ...interrupted,
    sentence: `It was interrupted; the runner ${name} is being removed, and its machine is not cleaned.`,
    hint: 'The same command goes on.',
  });
};

/** Told as steps. */
export const retireStep = async (
  retiring: Retiring,
  { state, current }: Seen,
): Promise<E.Either<Failure, void>> => {
  const { wish, report } = retiring;
  const { name } = wish;
  if (state === 'retired') {
    report.tell({ step: 'retire', status: 'unchanged', detail: `${name} is retired` });
    return E.right(undefined);
  }
  if (wish.wait && !wish.cancelJobs && state !== 'removing' && Object.keys(current).length > 0) {
    const idle = await drain(retiring);
    if (E.isLeft(idle)) return idle;
  }
  report.tell({ step: 'retire', status: 'begun', detail: `retiring ${name}` });
  const retired = await retire(retiring);
  report.tell({
    step: 'retire',
    ...(E.isLeft(retired) ? { status: 'failed' } : { status: 'done', detail: `${name} is retired` }),
  });
  return retired;
};
