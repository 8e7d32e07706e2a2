/** Where and how is a runner reached? From its events; also after it was retired, since a job may still have to be asked for. */
import * as E from 'fp-ts/lib/Either.js';
import { jumpOf } from '../domain/jump.js';
import { evolveRunner, type Enrolled, type RunnerState } from '../domain/runner-state.js';
import { isRunnerEvent, type BatonEvent } from '../events/catalog.js';
import { comparePositions, type Position, type Recorded } from '../kernel/recorded.js';
import { appError, type AppError } from './errors.js';
import { load, type Deps } from './handle.js';
import type { RunnerTarget } from './ports.js';

/** Baton's folder on a runner, below the home of its user, unless told otherwise. */
const DEFAULT_BASE = '.baton';

export const unknownRunner = (name: string): AppError =>
  appError('not_found', 'runner_unknown', `There is no runner named ${name}.`, { hint: 'baton runner list' });

const stateAfter = (events: readonly Recorded<BatonEvent>[]): RunnerState =>
  events.reduce<RunnerState>(
    (state, { event }) => (isRunnerEvent(event) ? evolveRunner(state, event) : state),
    { status: 'none' },
  );

/** What is recorded of a runner. */
export const runnerState = async (
  deps: Pick<Deps, 'store'>,
  name: string,
): Promise<E.Either<AppError, RunnerState>> => {
  const history = await load(deps.store, `runner-${name}`);
  return E.isLeft(history) ? history : E.right(stateAfter(history.right.events));
};

/** Where an attempt is, and the place of its `JobAssigned` in the store. */
export interface AttemptPlace {
  readonly runner: string;
  readonly slot: number;
  readonly assignedAt: Position;
}

/**
 * Everything needed to reach the runner that an attempt was given to. Another machine may have been enrolled under the name since;
 * that one is never asked, since what it says of the attempt would mean nothing.
 */
export const attemptTargetOf = async (
  deps: Pick<Deps, 'store'>,
  { runner, slot, assignedAt }: AttemptPlace,
): Promise<E.Either<AppError, RunnerTarget>> => {
  const history = await load(deps.store, `runner-${runner}`);
  if (E.isLeft(history)) return history;
  const { events } = history.right;
  const next = events.findIndex(
    ({ event, position }, at) =>
      at > 0 && event.type === 'RunnerEnrolled' && comparePositions(position, assignedAt) > 0,
  );
  const life = next < 0 ? events : events.slice(0, next);
  // whether slots have accounts of their own may have changed since: the attempt stays where it was begun
  const then = stateAfter(life.filter(({ position }) => comparePositions(position, assignedAt) <= 0));
  return reachOf(runner, stateAfter(life), slot, lastOf(then)?.settings.isolated);
};

const lastOf = (state: RunnerState): Enrolled | undefined =>
  state.status === 'retired' ? state.last : state.status === 'enrolled' ? state : undefined;

/** Everything needed to reach a runner. */
export const targetOf = async (
  deps: Pick<Deps, 'store'>,
  name: string,
  slot?: number,
): Promise<E.Either<AppError, RunnerTarget>> => {
  const found = await runnerState(deps, name);
  return E.isLeft(found) ? found : reachOf(name, found.right, slot);
};

/** Everything needed to reach each of its accounts: one, or one for each slot, in their order. */
export const accountsOf = (name: string, found: RunnerState): E.Either<AppError, readonly RunnerTarget[]> => {
  const settings = lastOf(found)?.settings;
  const slots = settings?.isolated === true ? settings.slots : 1;
  const targets: RunnerTarget[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const target = reachOf(name, found, slot);
    if (E.isLeft(target)) return target;
    targets.push(target.right);
  }
  return E.right(targets);
};

/** The same from its state. Where each slot has an account of its own, it is that of `slot`. */
export const reachOf = (
  name: string,
  found: RunnerState,
  slot = 0,
  isolated?: boolean,
): E.Either<AppError, RunnerTarget> => {
  const state = lastOf(found);
  if (state === undefined) return E.left(unknownRunner(name));
  const { settings, hostKeys, jumpHostKeys, base = DEFAULT_BASE } = state;
  const { host, port, user, auth, jump } = settings;
  const way = jumpOf(jump);
  if (jump !== '' && way === undefined)
    return E.left(
      appError('internal', 'jump_unreadable', `The jump host of ${name} cannot be read: ${jump}`),
    );
  const account =
    (isolated ?? settings.isolated)
      ? { user: `${user}-${String(slot)}`, base: `${base}-${String(slot)}`, slot }
      : { user, base };
  return E.right({
    ...{ name, host, port, auth, hostKeys, ...account },
    ...(way === undefined ? {} : { jump: { ...way, hostKeys: jumpHostKeys } }),
  });
};
