/** A process (saga) watches events and says which commands are owed. It is pure; its commands are data. */
import type { Recorded } from './recorded.js';
import type { Instant } from './time.js';

/** `save` gives JSON, Maps and Sets. */
export interface Kept<State> {
  readonly save: (state: State) => unknown;
  readonly restore: (saved: unknown) => State | undefined;
}

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
  /** Changes when the shape of the state does: kept states of another version are folded anew. Without one none is kept. */
  readonly version?: number;
  /** For a state that is more than JSON, Maps and Sets. `restore` answers undefined for what is of no use any more. */
  readonly kept?: Kept<State>;
  readonly init: () => State;
  readonly evolve: (state: State, event: Recorded<Event>) => State;
  readonly react: (state: State, event: Recorded<Event>) => readonly Command[];
  readonly tick: (state: State, at: Instant) => readonly Command[];
  readonly resume: (state: State) => readonly Command[];
}
