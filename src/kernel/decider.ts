/** A decider turns a command and a past into new events, or a refusal (after J. Chassaing's "functional event sourcing decider"). */
import type { Either } from 'fp-ts/lib/Either.js';

/** Pure: no clock, no randomness; instants and ids arrive in the command. An empty list of events means "nothing to do". */
export interface Decider<Command, State, Event, Refusal> {
  readonly initial: State;
  readonly decide: (command: Command, state: State) => Either<Refusal, readonly Event[]>;
  readonly evolve: (state: State, event: Event) => State;
}

/** The state after a past. */
export const fold = <State, Event>(
  decider: { readonly initial: State; readonly evolve: (state: State, event: Event) => State },
  events: readonly Event[],
): State => events.reduce((state, event) => decider.evolve(state, event), decider.initial);

/** Marks the place where every case has been dealt with; the compiler refuses a forgotten one. */
export const never = (value: never): never => {
  throw new Error(`impossible value: ${JSON.stringify(value)}`);
};
