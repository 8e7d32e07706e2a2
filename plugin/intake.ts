/** Takes the host's commands: each is answered when it is durable, a repeat from what was recorded, too many with `busy`. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { PhaseRunsView } from '../projections/phase-runs.js';
import type { AppError } from '../src/app/errors.js';
import { handle, load, type Deps, type Envelope, type Handled, type HandleError } from '../src/app/handle.js';
import type { ReadModel } from '../src/app/read-models.js';
import type { Repeats } from '../src/app/repeats.js';
import { orStoreAway } from '../src/app/store-away.js';
import { forPushJobs, pushJobsText, type PushJobsReason } from '../src/domain/dispatch-config.js';
import { hostChange } from '../src/domain/host-change.js';
import {
  phaseRun,
  phaseRunIdOf,
  type PhaseRunCommand,
  type PhaseRunRefusal,
  type PhaseRunState,
} from '../src/domain/phase-run.js';
import type { PhaseRunEvent } from '../src/events/catalog.js';
import type { Decider } from '../src/kernel/decider.js';
import { deriveId } from '../src/kernel/ids.js';
import type { Ack, HostCommand } from './contract.js';
import { canonical } from './canonical.js';
import { promotedBy } from './host-commands.js';
import type { Refused } from './outbox.js';

export interface IntakeDeps extends Deps {
  readonly repeats: Repeats;
  readonly phaseRuns: ReadModel<PhaseRunsView>;
  /** Recorded as `host`. */
  readonly host: string;
  /** Most jobs that may live at a time, waiting and running together. */
  readonly maxQueued: number;
}

export interface Intake {
  readonly take: (command: HostCommand) => Promise<Ack>;
  /** Cancels a live phase run because the host stops. */
  readonly cancelForStop: (hostKey: string, attempt: number) => Promise<void>;
  /** Records that the host has closed a phase run; false when that could not be written now. */
  readonly refuse: (refused: Refused) => Promise<boolean>;
  /** Resolves when nothing is being taken. */
  readonly idle: () => Promise<void>;
}

type Of<T extends HostCommand['type']> = Extract<HostCommand, { type: T }>;
type Full = { readonly code: 'full' };
type Bounded = Decider<PhaseRunCommand, PhaseRunState, PhaseRunEvent, PhaseRunRefusal | Full>;

const RETRY_AFTER_MS = 2000;
/** Commands that are being written at a time. */
const MOST_UNDER_WAY = 500;

const sha256 = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

const busy = (message: string): Ack => ({ status: 'busy', retryAfterMs: RETRY_AFTER_MS, message });

const OTHER_BODY: Ack = {
  status: 'rejected',
  code: 'same_key_other_body',
  message: 'This key was used before for something else; nothing was written.',
};

/** What a failure of the application means for the host. */
const failed = (error: AppError): Ack => {
  if (error.code === 'idempotency_conflict') return OTHER_BODY;
  if (error.reason === 'event_too_large')
    return { status: 'rejected', code: 'too_large', message: error.message };
  if (error.code === 'store_unavailable' || error.code === 'busy')
    return busy(`${error.message} The same command may come again.`);
  return { status: 'rejected', code: 'internal', message: error.message };
};

export const openIntake = (deps: IntakeDeps): Intake => {
  const { host, maxQueued, phaseRuns } = deps;
  /** Jobs of promotions that the read model does not count yet. */
  const reserved = new Map<string, number>();
  const underWay = new Set<Promise<unknown>>();
  /** Command id → the last one under way: repeats that come at the same time are answered one after the other. */
  const inTurn = new Map<string, Promise<unknown>>();

  const track = <A>(work: Promise<A>): Promise<A> => {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
    return tracked;
  };

  const live = (): number => [...reserved.values()].reduce((sum, rows) => sum + rows, phaseRuns.view().rows);

  const envelopeOf = (command: HostCommand, correlationId: string): Envelope => {
    const { commandId, actor, reason, ...content } = command;
    return {
      commandId: deriveId('host_command', host, commandId),
      bodySha256: sha256(content),
      actor,
      correlationId,
      ...(reason === undefined ? {} : { reason }),
    };
  };

  /** A promotion counts from here until the read model has it. */
  const bounded = (phaseRunId: string, rows: number): Bounded => ({
    ...phaseRun,
    decide: (command, state) => {
      const decided = phaseRun.decide(command, state);
      if (E.isLeft(decided) || state.status !== 'none') return decided;
      if (live() + rows > maxQueued) return E.left({ code: 'full' });
      reserved.set(phaseRunId, rows);
      return decided;
    },
  });

  /** The project is one for Push Jobs: nothing is known of the phase here, now or later. */
  const declined = (reason: PushJobsReason): Ack => {
    const { sentence: message, hint } = pushJobsText(forPushJobs(reason));
    return { status: 'declined', code: 'not_dispatched_here', reason, message, hint };
  };

  const promote = async (command: Of<'phase.promoted'>): Promise<Ack> => {
    const { jobDispatch = 'v2' } = command.promotion;
    if (jobDispatch !== 'v2') return declined(jobDispatch === 'none' ? 'no_job_dispatch' : 'job_dispatch_v1');
    const data = promotedBy(host, command);
    const rows = data.rows.length;
    if (rows > maxQueued)
      return {
        status: 'rejected',
        code: 'invalid',
        message: `A promotion of at most ${maxQueued} jobs was expected; this one makes ${rows}.`,
        problems: [
          {
            path: 'promotion.rows',
            expected: `at most ${maxQueued} rows`,
            found: `${rows}`,
            mend: 'raise maxQueued in the options of the plugin',
          },
        ],
      };
    const phaseRunId = phaseRunIdOf(host, data.hostKey, data.attempt);
    const envelope = envelopeOf(command, phaseRunId);
    const stream = `phase_run-${phaseRunId}`;
    const done: E.Either<HandleError<PhaseRunRefusal | Full>, Handled> = await handle(
      deps,
      stream,
      bounded(phaseRunId, rows),
      { kind: 'PromotePhase', data },
      envelope,
    );
    if (E.isRight(done) && done.right.position !== undefined)
      void phaseRuns
        .waitFor(done.right.position)
        .catch(() => undefined)
        .then(() => reserved.delete(phaseRunId));
    else reserved.delete(phaseRunId);
    if (E.isRight(done)) return accepted(done.right, phaseRunId);
    if (done.left.kind === 'failed') return failed(done.left.error);
    if (done.left.refusal.code === 'full')
      return busy(`At most ${maxQueued} jobs may wait and run here at a time; there are ${live()}.`);
    return samePromotion(stream, phaseRunId, envelope);
  };

  /** The phase run is known, by another command of the host: the same promotion is a duplicate. */
  const samePromotion = async (stream: string, phaseRunId: string, envelope: Envelope): Promise<Ack> => {
    const history = await load(deps.store, stream);
    if (E.isLeft(history)) return failed(history.left);
    const promoted = history.right.events.find(({ event }) => event.type === 'PhasePromoted');
    return promoted?.metadata.bodySha256 === envelope.bodySha256
      ? { status: 'duplicate', phaseRunId, position: promoted.position }
      : OTHER_BODY;
  };

  const accepted = ({ events, repeated, position }: Handled, phaseRunId?: string): Ack => ({
    status: repeated || events.length === 0 ? 'duplicate' : 'accepted',
    ...(phaseRunId === undefined ? {} : { phaseRunId }),
    ...(position === undefined ? {} : { position }),
  });

  const onPhaseRun = (phaseRunId: string, command: PhaseRunCommand, envelope: Envelope) =>
    handle(deps, `phase_run-${phaseRunId}`, phaseRun, command, envelope);

  const cancel = async (command: Of<'phase.cancel'>): Promise<Ack> => {
    const { hostKey, attempt = 1 } = command;
    const phaseRunId = phaseRunIdOf(host, hostKey, attempt);
    const envelope = envelopeOf(command, phaseRunId);
    const done = await onPhaseRun(phaseRunId, { kind: 'CancelPhase', host, hostKey, attempt }, envelope);
    if (E.isRight(done)) return accepted(done.right, phaseRunId);
    return done.left.kind === 'failed'
      ? failed(done.left.error)
      : { status: 'noop', why: 'already_finished', phaseRunId };
  };

  const supersede = async (command: Of<'change.superseded'>): Promise<Ack> => {
    const { changeId, by } = command;
    const id = deriveId('host_change', host, changeId);
    const done = await handle(
      deps,
      `host_change-${id}`,
      hostChange,
      { kind: 'SupersedeChange', data: { host, changeId, by } },
      envelopeOf(command, id),
    );
    if (E.isRight(done)) return accepted(done.right);
    return done.left.kind === 'failed' ? failed(done.left.error) : OTHER_BODY;
  };

  const takeInTurn = async (command: HostCommand): Promise<Ack> => {
    const before = inTurn.get(command.commandId) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => takeOne(command));
    inTurn.set(command.commandId, mine);
    try {
      return await mine;
    } finally {
      if (inTurn.get(command.commandId) === mine) inTurn.delete(command.commandId);
    }
  };

  const takeOne = async (command: HostCommand): Promise<Ack> => {
    // the same key may have been used elsewhere: for another phase run, or another kind of command
    const { commandId, bodySha256, actor } = envelopeOf(command, '');
    const caller = { actor, grants: [] };
    const before = await orStoreAway(() => deps.repeats.streamOf({ commandId, bodySha256, caller }));
    if (E.isLeft(before)) return failed(before.left);
    switch (command.type) {
      case 'phase.promoted':
        return promote(command);
      case 'phase.cancel':
        return cancel(command);
      case 'change.superseded':
        return supersede(command);
    }
  };

  const bySystem = (commandId: string, body: unknown, correlationId: string): Envelope => ({
    ...{ commandId, correlationId, bodySha256: sha256(body), actor: 'baton' },
  });

  return {
    take: (command) =>
      underWay.size >= MOST_UNDER_WAY
        ? Promise.resolve(busy(`${MOST_UNDER_WAY} commands are being written already.`))
        : track(takeInTurn(command)),
    cancelForStop: (hostKey, attempt) => {
      const phaseRunId = phaseRunIdOf(host, hostKey, attempt);
      const envelope = bySystem(deriveId('host_stop', phaseRunId), 'cancel', phaseRunId);
      const command: PhaseRunCommand = { kind: 'CancelPhase', host, hostKey, attempt };
      return track(
        onPhaseRun(phaseRunId, command, { ...envelope, reason: 'the host stopped' }).then(() => undefined),
      );
    },
    refuse: async ({ phaseRunId, seq, type }) => {
      const envelope = bySystem(deriveId('host_report', 'refused', phaseRunId), { seq, type }, phaseRunId);
      const done = await track(onPhaseRun(phaseRunId, { kind: 'RefuseReport', seq, report: type }, envelope));
      // any other failure says that it stands there already
      return !(E.isLeft(done) && done.left.kind === 'failed' && done.left.error.code === 'store_unavailable');
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
};
