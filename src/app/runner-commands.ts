/** What people do with an enrolled runner: drain, pause, resume, clear, trust, set anew, remove. */
import { jobsHolding } from '../../projections/held-slots.js';
import * as E from 'fp-ts/lib/Either.js';
import { filter, firstValueFrom, map, race, timer } from 'rxjs';
import { runnerView } from '../../projections/runner-health.js';
import { deadlineOf } from '../domain/deadline.js';
import type { RunnerCommand } from '../domain/runner.js';
import type { RunnerSettingsChanged } from '../events/runner.js';
import { appError, type AppError } from './errors.js';
import type { RunnerStatus } from './evidence.js';
import { authRefusal } from './runner-auth.js';
import { keysShown } from './runner-refusals.js';
import { runnerState, unknownRunner } from './runner-target.js';
import {
  envelopeOf,
  keepKey,
  onRunner,
  withoutRevision,
  type RunnerDeps,
  type RunnerLooks,
} from './runners.js';
import type { CommandContext, Done, RunnerAdded, RunnerTested, SetRunner, UseCases } from './use-cases.js';

type Answer<A> = Promise<E.Either<AppError, A>>;

/** How long a removal waits to see the end of it, when nothing stands in its way. */
const PATIENCE_MS = 5_000;

type RunnerCommands = Pick<
  UseCases,
  | 'drainRunner'
  | 'pauseRunner'
  | 'resumeRunner'
  | 'clearRunner'
  | 'trustRunner'
  | 'removeRunner'
  | 'setRunner'
>;

const busyWith = (name: string, jobs: readonly string[]): AppError =>
  appError(
    'conflict',
    'runner_busy',
    `The runner ${name} is busy with ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}: ${jobs.map((id) => id.slice(0, 8)).join(', ')}.`,
    {
      hint: `baton runner remove ${name} --wait lets them finish, and --cancel-jobs cancels them.`,
      problems: jobs.map((id) => ({
        path: 'current',
        expected: 'no job',
        found: id,
        mend: `baton job cancel ${id.slice(0, 8)}`,
      })),
    },
  );

const noDeadline = (found: string, expected: string): AppError =>
  appError('invalid', 'until', 'The end of the pause cannot be used: `until`.', {
    problems: [{ path: 'until', expected, found, mend: 'give 30m, 2h or 2026-01-31T12:00:00Z' }],
  });

const noSlot = (name: string, slot: number, slots: number): AppError =>
  appError('invalid', 'slot', `The runner ${name} has no slot ${slot}.`, {
    problems: [
      {
        path: 'slot',
        expected: slots === 1 ? '0' : `a number from 0 to ${slots - 1}`,
        found: String(slot),
        mend: `baton runner show ${name} names the slots in quarantine`,
      },
    ],
  });

export const runnerCommands = (deps: RunnerDeps, looks: RunnerLooks): RunnerCommands => {
  /** Records the command and shows what has become of the runner. */
  const act = async (
    context: CommandContext,
    name: string,
    command: RunnerCommand,
  ): Answer<Done<RunnerStatus>> => {
    const done = await onRunner(deps, name, command, envelopeOf(context, name));
    if (E.isLeft(done)) return done;
    const shown = await looks.view(name);
    if (E.isLeft(shown)) return shown;
    // what is so already was not done again
    return E.right({
      value: shown.right,
      repeated: done.right.repeated || done.right.events.length === 0,
    });
  };

  const pause = async (
    context: CommandContext,
    name: string,
    until: string | undefined,
  ): Answer<Done<RunnerStatus>> => {
    if (until === undefined) return act(context, name, { kind: 'PauseRunner' });
    const now = deps.clock.now();
    const end = deadlineOf(until, now);
    if (end === undefined) return E.left(noDeadline(until, 'an instant, or a length of time'));
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    if (before.right === undefined && Date.parse(end) <= Date.parse(now))
      return E.left(noDeadline(until, `an instant after ${now}`));
    return act(context, name, { kind: 'PauseRunner', until: end });
  };

  const clear = async (
    context: CommandContext,
    name: string,
    slot: number | undefined,
  ): Answer<Done<RunnerStatus>> => {
    if (slot === undefined) return act(context, name, { kind: 'ClearRunner', by: 'person' });
    const found = await looks.view(name);
    if (E.isLeft(found)) return found;
    const { slots, quarantinedSlots } = found.right;
    if (slot >= slots && !quarantinedSlots.includes(slot)) return E.left(noSlot(name, slot, slots));
    return act(context, name, { kind: 'ClearSlot', slot, by: 'person' });
  };

  const trust: UseCases['trustRunner'] =
    (context, name, { fingerprint, hop }) =>
    async (): Answer<Done<RunnerTested>> => {
      if (fingerprint === undefined) {
        const found = await runnerState(deps, name);
        if (E.isLeft(found)) return found;
        const state = found.right;
        if (state.status === 'none') return E.left(unknownRunner(name));
        const keys =
          state.status === 'retired'
            ? { found: undefined, pinned: [] }
            : hop === 'runner'
              ? { found: state.foundHostKey, pinned: state.hostKeys }
              : { found: state.foundJumpHostKey, pinned: state.jumpHostKeys };
        return E.left(keysShown(name, 'fingerprint_needed', { ...keys, hop }));
      }
      const envelope = envelopeOf(context, name);
      const done = await onRunner(deps, name, { kind: 'TrustHostKey', fingerprint, hop }, envelope);
      if (E.isLeft(done)) return done;
      // the verdict that is recorded speaks of the key that was refused
      const tested = await looks.test(name, withoutRevision(envelope));
      return E.isLeft(tested) ? tested : E.right({ value: tested.right, repeated: done.right.repeated });
    };

  const untilRetired = async (name: string): Promise<void> => {
    await firstValueFrom(
      race(
        deps.health.view$.pipe(
          map(({ view }) => runnerView(view, name)?.state),
          filter((state) => state === 'retired'),
        ),
        timer(PATIENCE_MS),
      ),
    );
  };

  const remove = async (
    context: CommandContext,
    name: string,
    how: boolean | 'when_idle',
  ): Answer<Done<RunnerStatus>> => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    const found = await looks.view(name);
    if (E.isLeft(found)) return found;
    const jobs = jobsHolding(found.right.current).map(({ id }) => id);
    const isNew = before.right === undefined && found.right.state !== 'removing';
    if (isNew && found.right.state !== 'retired' && jobs.length > 0 && how === false)
      return E.left(busyWith(name, jobs));
    const done = await act(context, name, { kind: 'RequestRemoval', cancelJobs: how === true });
    if (E.isLeft(done) || jobs.length > 0) return done;
    await untilRetired(name);
    const after = await looks.view(name);
    return E.isLeft(after) ? after : E.right({ ...done.right, value: after.right });
  };

  const set = async (
    context: CommandContext,
    name: string,
    settings: SetRunner,
  ): Answer<Done<RunnerAdded>> => {
    const refusal = authRefusal(settings);
    if (refusal !== undefined) return E.left(refusal);
    const { auth, privateKey, jumpHostKey, ...plain } = settings;
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    const known = await looks.view(name);
    if (E.isLeft(known)) return known;
    let data: RunnerSettingsChanged = plain;
    const wantsKey = auth === 'key' || privateKey !== undefined;
    if (auth === 'agent') data = { ...plain, auth: { kind: 'agent' } };
    else if (wantsKey && before.right === undefined && known.right.state !== 'retired') {
      // a name of its own: the key before stays good until the change is recorded
      const kept = await keepKey(deps, `runner/${name}/${context.commandId}`, privateKey);
      if (E.isLeft(kept)) return kept;
      data = { ...plain, auth: kept.right };
    }
    const done = await act(context, name, {
      kind: 'ChangeSettings',
      data,
      ...(jumpHostKey === undefined ? {} : { jumpHostKey }),
    });
    if (E.isLeft(done)) return done;
    const { publicKey, probe, isolated, slots } = done.right.value;
    // whoever takes accounts away next finds us in none of them
    await deps.transport.keep(name, isolated === true ? slots : undefined);
    if (probe === undefined) deps.evidence.forget(name);
    const shown = await looks.view(name);
    if (E.isLeft(shown)) return shown;
    const value = {
      runner: shown.right,
      ...(wantsKey && publicKey !== undefined ? { publicKey } : {}),
    };
    return E.right({ ...done.right, value });
  };

  return {
    drainRunner: (context, name) => () => act(context, name, { kind: 'DrainRunner' }),
    pauseRunner: (context, name, until) => () => pause(context, name, until),
    resumeRunner: (context, name) => () => act(context, name, { kind: 'ResumeRunner' }),
    clearRunner: (context, name, slot) => () => clear(context, name, slot),
    trustRunner: trust,
    removeRunner: (context, name, how) => () => remove(context, name, how),
    setRunner: (context, name, settings) => () => set(context, name, settings),
  };
};
