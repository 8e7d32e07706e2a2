/** A process (saga) watches events and says which commands are owed. It is pure; its commands are data. */
import type { Recorded } from './recorded.js';
import type { Instant } from './time.js';

/**
 * - `evolve` folds one event into the state; it may change the given state in place and return it (states are large and
 *   owned by one runner of processes).
 * - `react` says what is owed because of this event, asked only for live events.
 * - `tick` says what the passing of time makes owed.
 * - `resume` says everything still owed in this state; asked once after a restart.
 *
 * A command's id is derived from the event that made it owed, so `resume` yields the id that `react` gave.
 */
export interface Process<Event, Command, State> {
  readonly name: string;
  readonly init: () => State;
  readonly evolve: (state: State, event: Recorded<Event>) => State;
  readonly react: (state: State, event: Recorded<Event>) => readonly Command[];
  readonly tick: (state: State, at: Instant) => readonly Command[];
  readonly resume: (state: State) => readonly Command[];
}
