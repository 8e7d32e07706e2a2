import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/domain/problem.js';
import { defaultQueuePolicy, queuePolicyOf, withQueuePolicy } from '../../src/domain/queue-policy.js';
import { aPromotion } from '../builders.js';

describe('the policy of the queue', () => {
  it('is the usual one when nothing is said', () => {
    const problems: Problem[] = [];
    expect(queuePolicyOf({}, problems)).toEqual(defaultQueuePolicy);
    expect(problems).toEqual([]);
  });
  it('is read from words', () => {
    const words = {
      ...{
        whenUnmatchable: 'expire',
        ageing: '90s',
        unmatchedLimit: '15m',
        queueLimit: '2h',
        startLimit: '1d',
      },
    };
    expect(queuePolicyOf(words, [])).toEqual({
      whenUnmatchable: 'expire',
      ageingMs: 90_000,
      unmatchedMs: 900_000,
      queueMs: 7_200_000,
      startMs: 86_400_000,
    });
  });
  it('names everything that is wrong at once', () => {
    const problems: Problem[] = [];
    queuePolicyOf({ whenUnmatchable: 'never', ageing: '10', queueLimit: '-1s', startLimit: '0s' }, problems);
    expect(problems.map(({ path }) => path)).toEqual([
      '--when-unmatchable',
      '--queue-limit',
      '--ageing',
      '--start-limit',
    ]);
  });
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
