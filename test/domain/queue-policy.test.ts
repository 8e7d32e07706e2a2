import { describe, expect, it } from 'vitest';
import { defaultQueuePolicy, withQueuePolicy } from '../../src/domain/queue-policy.js';
import { aPromotion } from '../builders.js';

describe('the policy of the queue', () => {
  it('fills in what a promotion leaves open, and nothing else', () => {
    const policy = { ...defaultQueuePolicy, whenUnmatchable: 'expire', queueMs: 1000 } as const;
    expect(withQueuePolicy(aPromotion(), policy)).toMatchObject({
      whenUnmatchable: 'expire',
      limits: { queueMs: 1000 },
    });
    const own = aPromotion({
      whenUnmatchable: 'fail',
      limits: { cancelGraceMs: 1, logBytes: 1, queueMs: 5 },
    });
    expect(withQueuePolicy(own, policy)).toEqual(own);
  });
});
