import { describe, expect, it } from 'vitest';
import { runnersSeenBy } from '../../src/app/seen-runners.js';
import { aJob, aRunner } from '../http/edge.js';

const jobs = {
  ours: aJob({ id: 'ours', enterprise: 'acme' }),
  theirs: aJob({ id: 'theirs', enterprise: 'globex' }),
};
const ofAcme = {
  sees: ({ enterprise }: { readonly enterprise: string }) => enterprise === 'acme',
  enterprises: ['acme'],
};
const at = '2026-01-31T12:00:00.000Z';

describe('runners seen by people of one enterprise', () => {
  it('given a runner for everybody, then its slots are seen busy, and of the jobs only their own', () => {
    const runner = aRunner({
      current: { 0: 'ours', 1: 'theirs', 2: 'forgotten' },
      lastOutcomes: ['theirs', 'ours'].map((jobId) => ({ jobId, outcome: 'failed', at })),
    });
    expect(runnersSeenBy([runner], ofAcme, jobs)).toEqual([
      aRunner({
        current: { 0: 'ours', 1: '', 2: '' },
        lastOutcomes: [{ jobId: 'ours', outcome: 'failed', at }],
      }),
    ]);
  });
  it('given runners that are kept for enterprises, then theirs is shown without the others, and the rest is not there', () => {
    const both = aRunner({ name: 'both', enterprises: ['globex', 'acme'] });
    const closed = aRunner({ name: 'closed', enterprises: ['globex'] });
    expect(runnersSeenBy([both, closed], ofAcme, jobs)).toEqual([{ ...both, enterprises: ['acme'] }]);
  });
});
