/** A process that schedules, with its events: what it asks for becomes events at once, as if everything else took no time. */
import type { DispatchCommand } from '../../src/dispatch/commands.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Process } from '../../src/kernel/process.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { recorded } from './given.js';

export interface Scheduling {
  readonly tell: (event: Recorded<BatonEvent>) => void;
  /** The job that has run longest ends; false when none runs. */
  readonly endOldest: () => boolean;
  readonly running: () => number;
}

export const scheduling = <S>(process: Process<BatonEvent, DispatchCommand, S>): Scheduling => {
  let state = process.init();
  let held: string[] = [];
  let ended = 0;
  const tell = (event: Recorded<BatonEvent>): void => {
    state = process.evolve(state, event);
    for (const command of process.react(state, event)) execute(command);
  };
  const execute = (command: DispatchCommand): void => {
    if (command.target === 'filter_class')
      tell(recorded(`filter_class-${command.id}`, { type: 'WaitReasonChanged', data: command.command.data }));
    else if (command.target === 'job' && command.command.kind === 'AssignJob') {
      held.push(command.id);
      tell(recorded(`job-${command.id}`, { type: 'JobAssigned', data: command.command.data }));
    } else throw new Error(`unexpected command for ${command.target}`);
  };
  return {
    tell,
    endOldest: () => {
      const oldest = held[ended];
      if (oldest === undefined) return false;
      if (++ended > 10_000) {
        held = held.slice(ended);
        ended = 0;
      }
      tell(recorded(`job-${oldest}`, { type: 'JobSucceeded', data: { attempt: 1 } }));
      return true;
    },
    running: () => held.length - ended,
  };
};
