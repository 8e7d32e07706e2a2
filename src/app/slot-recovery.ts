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
  readonly names: readonly ProcessName[];
}

/** Undefined: what was left there is not known well enough to look for it, so a person has to. */
const suspectIn = (soiled: Extract<RunnerState, { status: 'enrolled' }>['soiled'], slot: number) => {
  const jobs = soiled.filter((one) => one.slot === slot);
  const gone = jobs.flatMap(({ survivors = [] }) => survivors);
  const names = gone.map(nameOf).filter((name) => name !== undefined);
  const isKnown = jobs.length > 0 && jobs.every(({ survivors = [] }) => survivors.length > 0);
  if (!isKnown || names.length < gone.length) return undefined;
  const command: ClearByProbe = {
    ...{ kind: 'ClearSlot', slot, by: 'probe', gone },
    jobs: jobs.map(({ jobId }) => jobId),
  };
  return { command, names };
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
  for (const { command, names } of suspects) {
    const target = targetOf(command.slot);
    if (target === undefined) continue;
    const fates = await transport.alive(target, names)();
    if (E.isRight(fates) && fates.right.every((fate) => fate === 'gone')) cleared.push(command);
  }
  return cleared;
};
