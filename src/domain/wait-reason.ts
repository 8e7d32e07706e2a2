/** One current reason per filter class why its jobs wait: recorded when it changes, and only then. */
import * as E from 'fp-ts/lib/Either.js';
import type { OwnershipEvent } from '../events/catalog.js';
import type { WaitReasonChanged } from '../events/ownership.js';
import type { Decider } from '../kernel/decider.js';

export interface RecordWaitReason {
  readonly kind: 'RecordWaitReason';
  readonly data: WaitReasonChanged;
}

const key = (data: WaitReasonChanged): string => JSON.stringify([data.reason, data.detail, data.blockers]);

export const waitReason: Decider<RecordWaitReason, string, OwnershipEvent, never> = {
  initial: '',
  decide: ({ data }, current) => E.right(key(data) === current ? [] : [{ type: 'WaitReasonChanged', data }]),
  evolve: (state, event) => (event.type === 'WaitReasonChanged' ? key(event.data) : state),
};
