/** Where each lane of a stage run is. */
import { describe, expect, it } from 'vitest';
import { progress } from '../../../plugin/hosts/standalone/progress.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { aProject, planned, source } from './history.js';

const web = aProject('web');
const plan = [planned('provision'), planned('deploy', { group: 1 }), planned('smoke', { group: 1 })];
const consumer = {
  ...{ changeId: 'c', title: 'Change web', scope: web.scope, pipeline: 'main', source: source('w1') },
  plan: [planned('deploy'), planned('smoke', { group: 1, skipped: true })],
};

/** `own: …, c: …`, and how it ends, if it does. */
const told = (ended: Readonly<Record<string, Outcome>>, consumers = [consumer]): readonly string[] => {
  const { lanes, end } = progress({ plan, consumers }, ended);
  return [
    ...lanes.map((lane) => {
      const where = lane.at === 'group' ? lane.phases.map(({ phase }) => phase).join(' and ') : lane.at;
      return `${lane.consumer ?? 'own'}: ${lane.at === 'end' ? lane.status : where}`;
    }),
    ...(end === undefined ? [] : [end]),
  ];
};

describe('the lanes of a stage run', () => {
  const own = { provision: 'succeeded', deploy: 'succeeded', smoke: 'succeeded' } as const;
  it.each<readonly [Readonly<Record<string, Outcome>>, readonly string[]]>([
    [{}, ['own: provision', 'c: turn']],
    [{ provision: 'succeeded' }, ['own: deploy and smoke', 'c: turn']],
    [{ provision: 'succeeded', deploy: 'failed' }, ['own: deploy and smoke', 'c: turn']],
    [{ ...own, deploy: 'failed' }, ['own: failed', 'c: turn', 'failed']],
    [{ provision: 'cancelled' }, ['own: failed', 'c: turn', 'failed']],
    [own, ['own: passed', 'c: deploy']],
    [{ ...own, 'c/deploy': 'succeeded' }, ['own: passed', 'c: passed', 'passed']],
    [{ ...own, 'c/deploy': 'lost' }, ['own: passed', 'c: failed', 'failed']],
  ])('given %j', (ended, lanes) => {
    expect(told(ended)).toEqual(lanes);
  });

  it('given no consumers, then the own phases are all', () => {
    expect(told({ provision: 'succeeded', deploy: 'succeeded', smoke: 'succeeded' }, [])).toEqual([
      ...['own: passed', 'passed'],
    ]);
  });

  it('given one consumer has failed, then the other goes on, and the end comes after it', () => {
    const two = [consumer, { ...consumer, changeId: 'd' }];
    expect(told({ ...own, 'c/deploy': 'failed' }, two)).toEqual(['own: passed', 'c: failed', 'd: deploy']);
    expect(told({ ...own, 'c/deploy': 'failed', 'd/deploy': 'succeeded' }, two).at(-1)).toBe('failed');
  });
});
