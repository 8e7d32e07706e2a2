import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { finalStatus, finalStatusOfRows, refused } from '../../../plugin/hosts/screwdriver/status.js';
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
    expect(refused('x'.repeat(1000)).statusMessage).toBe(`${'x'.repeat(499)}…`);
  });
});

describe('finalStatusOfRows', () => {
  const job = (label: string, outcome: 'succeeded' | 'failed' | 'lost' | 'cancelled', exitCode?: number) => ({
    ...{ jobId: label, label, outcome, cause: `why ${label}` },
    ...(exitCode === undefined ? {} : { exitCode }),
  });

  it('names each row that did not succeed, and how', () => {
    const jobs = [job('a', 'succeeded', 0), job('b', 'failed', 3), job('c', 'lost'), job('d', 'failed', 9)];
    const report = { outcome: 'failed', cause: 'why b', jobs } as const;
    const rows = [
      { label: 'a', runner: 'r2' },
      { label: 'b', failed: 'two', runner: 'r1' },
      { label: 'c', runner: 'r2' },
    ];
    expect(finalStatusOfRows(report, rows)).toEqual({
      ...{ status: 'FAILURE', statusMessageType: 'ERROR', stats: { hostname: 'r2, r1' } },
      statusMessage: 'failed: [b] step two ended with exit code 3; [c] lost: why c; [d] why d',
    });
  });

  it('names as many rows as fit, each whole, and how many there are beside', () => {
    const labels = Array.from({ length: 50 }, (_, i) => `row-${i + 10}`);
    const message = (cause: string, rows = labels) =>
      finalStatusOfRows(
        {
          ...{ outcome: 'lost', cause: '' },
          jobs: rows.map((label) => ({ ...job(label, 'lost'), cause })),
        },
        [],
      ).statusMessage ?? '';
    const told = message('its runner does not answer');
    expect(told.length).toBeLessThanOrEqual(500);
    const [, list = '', more] = /^lost: (.*) and (\d+) more$/.exec(told) ?? [];
    const named = list.split('; ');
    expect(named).toEqual(
      labels.slice(0, named.length).map((label) => `[${label}] its runner does not answer`),
    );
    expect(named.length + Number(more)).toBe(50);
    expect(told.length + '; [row-10] its runner does not answer'.length).toBeGreaterThan(500);
    expect(message('short', labels.slice(0, 3))).toBe('lost: [row-10] short; [row-11] short; [row-12] short');
    const long = message('x'.repeat(600));
    expect(long).toMatch(/^lost: \[row-10\] x+… and 49 more$/);
    expect(long).toHaveLength(500);
  });

  it('has no message where all went well, or somebody aborted it, and another where no row is to blame', () => {
    const of = (outcome: 'succeeded' | 'cancelled' | 'undeliverable', jobs = [job('a', 'cancelled')]) =>
      finalStatusOfRows({ outcome, cause: 'why', jobs }, []);
    expect(of('succeeded', [job('a', 'succeeded')])).toEqual({ status: 'SUCCESS' });
    expect(of('cancelled')).toEqual({ status: 'ABORTED' });
    expect(of('undeliverable', []).statusMessage).toBe('undeliverable: why');
  });
});
