/**
 * Does Screwdriver know the end of a build that it has stopped, and that Baton never got? It asks to stop a build before it saves the end, and
 * a BLOCKED of ours that was under way just then may be saved over it.
 */
import type { Access, ScrewdriverApi } from './api.js';
import { isClosed } from './plan.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

const WAITS: readonly string[] = ['CREATED', 'QUEUED', 'BLOCKED', 'FROZEN'];

export interface Patience {
  /** The end is saved within so many milliseconds after the build was stopped: the source of the build may have to be told before. */
  readonly savedMs: number;
  readonly pause: (ms: number) => Promise<void>;
  /** This process ends: it is not found out any more. */
  readonly isOver: () => boolean;
}

/** Rejects with `Away` when it may be found out later. */
export const endIsSaved = async (
  api: ScrewdriverApi,
  access: Access,
  { savedMs, pause, isOver }: Patience,
): Promise<boolean | undefined> => {
  let [waited, next] = [0, FIRST_PAUSE_MS];
  for (;;) {
    if (isOver()) return undefined;
    const found = await api.build(access);
    // one that may not be asked for is none that waits
    if (isClosed(found) || !WAITS.includes(found.status)) return true;
    if (waited >= savedMs) return false;
    await pause(next);
    waited += next;
    next = Math.min(next * 2, LONGEST_PAUSE_MS);
  }
};
