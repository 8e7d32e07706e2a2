/** What was told lately, for those who come back: as much as is worth more than reading everything again. */
import { comparePositions, type Position } from '../kernel/recorded.js';
import type { TouchedTopics } from './touched.js';

/** What changed behind `from`, up to `position`; both the same: something that no event tells of. */
export interface Batch extends TouchedTopics {
  readonly from: Position;
  readonly position: Position;
}

export interface RecentBatches {
  /** Up to where everything has been told. */
  readonly position: () => Position;
  /** Nothing before that is known. */
  readonly begin: (position: Position) => void;
  readonly add: (batch: Batch) => void;
  /** What came after it, oldest first; undefined when that is not known. */
  readonly after: (position: Position) => readonly Batch[] | undefined;
}

const MOST_BATCHES = 240;
const MOST_NAMES = 20_000;

export const recentBatches = (): RecentBatches => {
  let batches: Batch[] = [];
  let names = 0;
  let since: Position = '';
  let position: Position = '';

  return {
    position: () => position,
    begin: (at) => {
      [since, position] = [at, at];
    },
    add: (batch) => {
      batches.push(batch);
      names += batch.named.size;
      ({ position } = batch);
      while (batches.length > MOST_BATCHES || names > MOST_NAMES) {
        const [oldest] = batches;
        if (oldest === undefined) return;
        batches = batches.slice(1);
        names -= oldest.named.size;
        since = oldest.position;
      }
    },
    after: (at) => {
      if (comparePositions(at, since) < 0 || comparePositions(at, position) > 0) return undefined;
      return batches.filter((batch) => {
        const order = comparePositions(batch.position, at);
        // of what no event tells of, the position does not say whether the reader was told
        return order > 0 || (order === 0 && batch.from === batch.position);
      });
    },
  };
};
