import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { finalStatus, refused } from '../../../plugin/hosts/screwdriver/status.js';
import { Outcome } from '../../../src/events/shapes.js';

describe('finalStatus', () => {
  it.each([
    ['succeeded', { status: 'SUCCESS' }],
    ['cancelled', { status: 'ABORTED' }],
    ['failed', { status: 'FAILURE', statusMessage: 'failed: why', statusMessageType: 'ERROR' }],
    ['timed_out', { status: 'FAILURE', statusMessage: 'timed_out: why', statusMessageType: 'ERROR' }],
    ['lost', { status: 'FAILURE', statusMessage: 'lost: why', statusMessageType: 'ERROR' }],
    ['expired', { status: 'FAILURE', statusMessage: 'expired: why', statusMessageType: 'ERROR' }],
    ['undeliverable', { status: 'FAILURE', statusMessage: 'undeliverable: why', statusMessageType: 'ERROR' }],
  ] as const)('of %s is what Screwdriver calls it, with our word first', (outcome, expected) => {
    expect(finalStatus({ outcome, cause: 'why' })).toEqual(expected);
  });

  it('gives every outcome a message of its own, so none is taken for another', () => {
    const outcomes = Object.keys(Outcome.keys).filter((word): word is t.TypeOf<typeof Outcome> =>
      Outcome.is(word),
    );
    const all = outcomes.map((outcome) => JSON.stringify(finalStatus({ outcome, cause: 'why' })));
    expect(outcomes).toHaveLength(7);
    expect(new Set(all).size).toBe(7);
  });

  it('of a build that failed names the step that did', () => {
    const { statusMessage } = finalStatus(
      { outcome: 'failed', cause: 'failed with exit code 3', exitCode: 3 },
      'unit',
    );
    expect(statusMessage).toBe('failed: step unit ended with exit code 3');
  });

  it('cuts what is too long to be shown', () => {
    expect(refused('x'.repeat(1000)).statusMessage).toHaveLength(500);
  });
});
