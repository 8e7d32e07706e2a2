/** Takes builds further, step by step: each by one at a time, and again after a while when Screwdriver, or the disk, is not well. */
import { Away } from './api.js';
import { pauses } from './pauses.js';
import { NotRecorded } from './records.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface Advancing {
  /** Until a step says `done`. Whoever asks while somebody is busy with the build is heard afterwards. */
  readonly advance: (buildId: number) => Promise<void>;
  /** Shorter when it is over. */
  readonly pause: (ms: number) => Promise<void>;
  readonly isOver: () => boolean;
  /** Nothing is begun any more. */
  readonly end: () => void;
}

/** `wait`: there is another step. */
export type Step = (buildId: number) => Promise<'wait' | 'done'>;

export const advancing = (step: Step, say: (sentence: string) => void): Advancing => {
  let over = false;
  /** Builds that somebody is busy with. */
  const underWay = new Set<number>();
  /** Of those, the ones that are to be looked at once more: something changed meanwhile. */
  const again = new Set<number>();
  const { pause, end } = pauses();

  const advance = async (buildId: number): Promise<void> => {
    if (over) return;
    if (underWay.has(buildId)) {
      again.add(buildId);
      return;
    }
    underWay.add(buildId);
    again.delete(buildId);
    let failures = 0;
    try {
      while (!over)
        try {
          if ((await step(buildId)) === 'done') return;
          failures = 0;
        } catch (error) {
          if (failures === 3)
            say(`build ${buildId} is tried again: ${error instanceof Error ? error.message : ''}`);
          if (!(error instanceof Away || error instanceof NotRecorded))
            say(`build ${buildId} met a mistake: ${String(error)}`);
          await pause(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS));
          failures += 1;
        }
    } finally {
      underWay.delete(buildId);
      if (again.has(buildId)) void advance(buildId);
    }
  };

  return {
    advance,
    pause,
    isOver: () => over,
    end: () => {
      over = true;
      end();
    },
  };
};
