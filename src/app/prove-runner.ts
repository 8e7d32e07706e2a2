/** Does a runner do what jobs need, from the claim to the last byte of the log? Asked of it with jobs of our own. */
import { randomBytes, randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { Enrolled } from '../domain/runner-state.js';
import type { ProvedSlot, RunnerProved } from '../events/runner.js';
import { appError, type AppError } from './errors.js';
import type { Archive, RunnerTarget } from './ports.js';
import { refused } from './runner-refusals.js';
import { reachOf, runnerState } from './runner-target.js';
import { envelopeOf, onRunner, withoutRevision, type RunnerDeps, type RunnerLooks } from './runners.js';
import type { CommandContext, RunnerTested, UseCases } from './use-cases.js';

/** A slot, and what is to be done there. */
export interface SlotTrial {
  readonly slot: number;
  readonly target: RunnerTarget;
  /** What a probe has just read. */
  readonly baseId: string;
  readonly bootId: string;
  readonly fence: number;
  /** Who must run there; absent: anybody. */
  readonly user?: string;
  /** Makes the ids of the attempts, so that whoever asks again finds what is left of the first time. */
  readonly commandId: string;
  /** No attempt before had it: what is read is what this one wrote. A plain word. */
  readonly word: string;
  readonly source: Archive;
}

/** What ran and was seen. */
export type SlotProof = Pick<ProvedSlot, 'user' | 'bytes' | 'sha256'>;

/** What is other than it must be: a code, and a sentence of it. */
export interface NoProof {
  readonly code: string;
  readonly detail: string;
}

export interface ProofMeans {
  readonly fence: number;
  readonly source: () => Promise<Archive>;
  readonly proveSlot: (trial: SlotTrial) => Promise<E.Either<NoProof, SlotProof>>;
}

const noSlotFree = (name: string): AppError =>
  appError('conflict', 'runner_busy', `No slot of the runner ${name} is free, so none can be proved.`, {
    hint: `baton runner drain ${name} --wait lets its jobs finish.`,
  });

const slotsText = (slots: readonly number[]): string =>
  `${slots.length === 1 ? 'slot' : 'slots'} ${slots.join(', ')}`;

const provedText = (name: string, proved: readonly ProvedSlot[], left: readonly number[]): string => {
  const users = [...new Set(proved.map(({ user }) => user))].join(', ');
  const count = proved.length === 1 ? 'Its slot' : `Each of its ${proved.length} slots`;
  const rest =
    left.length === 0
      ? `The runner ${name} is proved.`
      : `Of the runner ${name} ${slotsText(left)} had no part in it, being in use or in quarantine.`;
  return `${rest} ${count} ran a job as ${users}, of which every byte was compared, and ended one that was cancelled.`;
};

export const proveUseCases = (
  deps: RunnerDeps,
  looks: RunnerLooks,
  means: ProofMeans,
): Pick<UseCases, 'proveRunner'> => {
  /** What each slot is asked. */
  const trials = async (
    name: string,
    state: Enrolled,
    slots: readonly number[],
    commandId: string,
  ): Promise<E.Either<AppError, readonly SlotTrial[]>> => {
    const { baseId = '', bootId = '', slotBaseIds = [] } = state.probe ?? {};
    const source = await means.source();
    const made: SlotTrial[] = [];
    for (const slot of slots) {
      const target = reachOf(name, state, slot);
      if (E.isLeft(target)) return target;
      const { isolated } = state.settings;
      made.push({
        ...{ slot, target: target.right, bootId, fence: means.fence, commandId, source },
        baseId: isolated ? (slotBaseIds[slot] ?? '') : baseId,
        word: randomBytes(12).toString('hex'),
        ...(isolated ? { user: target.right.user } : {}),
      });
    }
    return E.right(made);
  };

  const prove = async (context: CommandContext, name: string): Promise<E.Either<AppError, RunnerTested>> => {
    const envelope = envelopeOf(context, name);
    const tested = await looks.test(name, envelope);
    if (E.isLeft(tested) || tested.right.code !== 'ready') return tested;
    const { current, quarantinedSlots } = tested.right.runner;
    const state = await runnerState(deps, name);
    if (E.isLeft(state)) return state;
    if (state.right.status !== 'enrolled') return E.left(refused(name, { code: 'runner_retired' }));
    const all = Array.from({ length: state.right.settings.slots }, (_, slot) => slot);
    const free = all.filter((slot) => !Object.hasOwn(current, slot) && !quarantinedSlots.includes(slot));
    if (free.length === 0) return E.left(noSlotFree(name));
    const asked = await trials(name, state.right, free, envelope.commandId);
    if (E.isLeft(asked)) return asked;
    // at once, as jobs would
    const answers = await Promise.all(
      asked.right.map(async (trial) => ({ trial, answer: await means.proveSlot(trial) })),
    );
    const proved: ProvedSlot[] = [];
    for (const { trial, answer } of answers) {
      const { slot, baseId, target } = trial;
      if (E.isRight(answer)) {
        proved.push({ slot, baseId, ...answer.right });
        continue;
      }
      const { code, detail } = answer.left;
      return E.right({
        ...tested.right,
        code,
        sentence: `In slot ${slot} of the runner ${name} (account ${target.user}) ${detail}. Mend that, then: baton runner prove ${name}`,
      });
    }
    const left = all.filter((slot) => !free.includes(slot));
    if (left.length === 0) {
      const proof: RunnerProved = { bootId: state.right.probe?.bootId ?? '', slots: proved };
      const recorded = await onRunner(
        deps,
        name,
        { kind: 'RecordProof', proof },
        // what was seen is a fact of its own: the same request asked twice sees twice
        { ...withoutRevision(envelope), commandId: randomUUID(), causationId: envelope.commandId },
      );
      if (E.isLeft(recorded)) return recorded;
    }
    const shown = await looks.view(name);
    if (E.isLeft(shown)) return shown;
    return E.right({ code: 'ready', sentence: provedText(name, proved, left), runner: shown.right });
  };

  return { proveRunner: (context, name) => () => prove(context, name) };
};
