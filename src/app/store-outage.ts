/** How long is an outage of the store waited out by what somebody waits for? A little, since stores restart. */
import type { AppError } from './errors.js';
import { pause, readToEnd, StoreFailed, type Follower } from './follow-store.js';
import { storeFailure } from './handle.js';
import type { EventStore, StoreError } from './ports.js';

/** A server that restarts is often back by then; a person would soon think that nothing happens at all. */
export const PATIENCE_MS = 5_000;
const RETRY_MS = 250;

/** Thrown where the store is needed and stays away; `orStoreAway` makes a refusal of it. */
export class StoreAway extends Error {
  readonly error: AppError;

  constructor(error: StoreError) {
    const told = storeFailure(error);
    super(told.message);
    this.name = 'StoreAway';
    this.error = told;
  }
}

/** Asking again is of no use. */
export const isFinal = (error: StoreError): boolean =>
  error.code !== 'store_unavailable' || error.why === 'closed';

/** `readToEnd`, going on after outages that are shorter than the patience; a longer one is thrown as `StoreAway`. */
export const readOverOutages = async (
  store: Pick<EventStore, 'readAll'>,
  follower: Follower,
  patienceMs = PATIENCE_MS,
): Promise<void> => {
  let outage: { readonly sinceMs: number; readonly at: string } | undefined;
  for (;;) {
    try {
      await readToEnd(store, follower);
      return;
    } catch (error) {
      if (!(error instanceof StoreFailed)) throw error;
      const [nowMs, at] = [performance.now(), follower.position()];
      if (outage?.at !== at) outage = { sinceMs: nowMs, at };
      if (isFinal(error.error) || nowMs - outage.sinceMs > patienceMs) throw new StoreAway(error.error);
      await pause(RETRY_MS, follower.signal);
    }
  }
};
