/** Who may do what now: tokens by their hashes, and the grants of each subject. */
import { access as decider, evolveAccess, type AccessState } from '../src/domain/access.js';
import type { BatonEvent } from '../src/events/catalog.js';
import type { Projection } from '../src/kernel/projection.js';

/** The state that decisions are made on, and when each token was issued and revoked. */
export interface AccessView extends AccessState {
  readonly issued: Record<string, { readonly at: string; readonly by: string; revokedAt?: string }>;
}

/** Folds the stream `access`. */
export const access: Projection<AccessView, BatonEvent> = {
  name: 'access',
  version: 1,
  init: () => ({ ...decider.initial, issued: {} }),
  evolve: (view, { stream, event, metadata }) => {
    if (stream !== 'access') return;
    Object.assign(view, evolveAccess(view, event));
    if (event.type === 'TokenIssued')
      view.issued[event.data.tokenId] = { at: metadata.recordedAt, by: metadata.actor };
    if (event.type === 'TokenRevoked') {
      const issued = view.issued[event.data.tokenId];
      if (issued !== undefined) issued.revokedAt = metadata.recordedAt;
    }
  },
};
