/** When does a slot come back by itself that was closed for what a job left in it? When a probe finds that all of it has ended. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerCommand } from '../domain/runner.js';
import type { RunnerState } from '../domain/runner-state.js';
import type { Survivor } from '../events/shapes.js';
import type { ProcessName, RunnerTarget, RunnerTransport } from './ports.js';

const nameOf = ({ pid, startTime, bootId, pidNamespace }: Survivor): ProcessName | undefined =>
  startTime === undefined || bootId === undefined || pidNamespace === undefined
    ? undefined
    : { pid, startTime, bootId, pidNamespace };

type ClearByProbe = Extract<RunnerCommand, { kind: 'ClearSlot'; by: 'probe' }>;

interface Suspect {
  readonly command: ClearByProbe;
  /** What is looked for, and in which slot: the account of another one may not see it. */
  readonly looks: readonly { readonly slot: number; readonly names: readonly ProcessName[] }[];
}

/** Undefined: what was left there is not known well enough to look for it, so a person has to. */
const suspectIn = (soiled: Extract<RunnerState, { status: 'enrolled' }>['soiled'], slot: number) => {
  const jobs = soiled.filter((one) => one.slot === slot);
  const gone = jobs.flatMap(({ survivors = [] }) => survivors);
  const isKnown = jobs.length > 0 && jobs.every(({ survivors = [] }) => survivors.length > 0);
  const looks = jobs.map(({ survivors = [], ranIn = slot }) => ({
    slot: ranIn,
    names: survivors.map(nameOf).filter((name) => name !== undefined),
  }));
  const named = looks.reduce((sum, { names }) => sum + names.length, 0);
  if (!isKnown || named < gone.length) return undefined;
  const command: ClearByProbe = {
    ...{ kind: 'ClearSlot', slot, by: 'probe', gone },
    jobs: jobs.map(({ jobId }) => jobId),
  };
  return { command, looks };
};

const areGone = async (
  transport: Pick<RunnerTransport, 'alive'>,
  target: RunnerTarget | undefined,
  names: readonly ProcessName[],
): Promise<boolean> => {
  if (target === undefined) return false;
  const fates = await transport.alive(target, names)();
  return E.isRight(fates) && fates.right.every((fate) => fate === 'gone');
};

/** The slots in which nothing lives any more of what was left there. A runner that does not answer changes nothing. */
export const slotsToClear = async (
  transport: Pick<RunnerTransport, 'alive'>,
  targetOf: (slot: number) => RunnerTarget | undefined,
  state: RunnerState,
): Promise<readonly ClearByProbe[]> => {
  if (state.status !== 'enrolled') return [];
  const suspects: Suspect[] = state.badSlots
    .map((slot) => suspectIn(state.soiled, slot))
    .filter((suspect) => suspect !== undefined);
  const cleared: ClearByProbe[] = [];
  const answers = new Map<string, boolean>();
  /** What a job left is the same question for each slot that it held: it is asked once. */
  const askOnce = async (slot: number, names: readonly ProcessName[]): Promise<boolean> => {
    const question = JSON.stringify([slot, names]);
    const answer = answers.get(question) ?? (await areGone(transport, targetOf(slot), names));
    answers.set(question, answer);
    return answer;
  };
  for (const { command, looks } of suspects) {
    let isGone = true;
    for (const { slot, names } of looks) isGone &&= await askOnce(slot, names);
    if (isGone) cleared.push(command);
  }
  return cleared;
};
