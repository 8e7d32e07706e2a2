import { describe, expect, it } from 'vitest';
import { totals } from '../../projections/totals.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, failed, queued, requeued, started, succeeded } from './stories.js';

describe('totals', () => {
  it('given jobs that ended in several ways, then each end is counted once, and a requeue is no end', () => {
    const view = viewOf(
      totals,
      givenEvents(
        ...[queued('a'), assigned('a'), requeued('a'), assigned('a'), started('a'), succeeded('a')],
        ...[queued('b'), assigned('b'), started('b'), failed('b', 3), queued('c')],
      ),
    );
    expect(view).toMatchObject({ queued: 3, requeued: 1 });
    expect(view.ended).toMatchObject({ succeeded: 1, failed: 1, cancelled: 0, lost: 0 });
  });
});
