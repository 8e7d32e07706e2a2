/** A change as a pipeline engine names it: all that is recorded of it is what took its place. */
import * as E from 'fp-ts/lib/Either.js';
import type { HostEvent } from '../events/catalog.js';
import type { HostChangeSuperseded } from '../events/host.js';
import type { Decider } from '../kernel/decider.js';

export interface SupersedeChange {
  readonly kind: 'SupersedeChange';
  readonly data: HostChangeSuperseded;
}

/** Each command is a fact of its own: phase runs may have been promoted since the one before. */
export const hostChange: Decider<SupersedeChange, null, HostEvent, never> = {
  initial: null,
  decide: ({ data }) => E.right([{ type: 'HostChangeSuperseded', data }]),
  evolve: (state) => state,
};
