import { describe, expect, it } from 'vitest';
import { wishesOf } from '../../../plugin/hosts/screwdriver/annotations.js';

describe('wishesOf', () => {
  it('nothing said: any runner, one build of the job at a time', () => {
    expect(wishesOf({})).toMatchObject({ right: { row: { label: '', filter: [] }, atOnce: false } });
  });

  it('chooses runners by keys and values, by clauses, and obeys those of Screwdriver that concern it', () => {
    expect(
      wishesOf({
        'baton/filter': { os: 'linux', platform_family: ['debian', 'rhel'] },
        'baton/label': 'debian',
        'baton/priority': 5,
        'baton/cache': 'npm',
        'beta.screwdriver.cd/timeout': '30',
        'screwdriver.cd/terminationGracePeriodSeconds': 60,
        'screwdriver.cd/blockedBySameJob': 'false',
        'screwdriver.cd/cpu': 'HIGH',
        anything: { else: true },
      }),
    ).toEqual({
      _tag: 'Right',
      right: {
        row: {
          label: 'debian',
          filter: [
            { key: 'os', op: 'in', values: ['linux'] },
            { key: 'platform_family', op: 'in', values: ['debian', 'rhel'] },
          ],
        },
        ...{ priority: 5, cache: 'npm', timeoutMinutes: 30, graceSeconds: 60, atOnce: true },
      },
    });
    const clauses = [{ key: 'platform_version', op: 'version', values: ['>=12'] }];
    expect(wishesOf({ 'baton/filter': clauses })).toMatchObject({ right: { row: { filter: clauses } } });
  });

  it('everything that is wrong is said at once, with its path', () => {
    const wishes = wishesOf({
      'baton/filtre': {},
      'baton/priority': 'high',
      'screwdriver.cd/timeout': 0,
      'screwdriver.cd/blockedBySameJob': [],
      'baton/filter': { os: 7 },
    });
    const problems = wishes._tag === 'Left' ? wishes.left.map(({ path }) => path) : [];
    expect(new Set(problems)).toEqual(
      new Set([
        'annotations.baton/filtre',
        'annotations.baton/priority',
        'annotations.screwdriver.cd/timeout',
        'annotations.screwdriver.cd/blockedBySameJob',
        'annotations.baton/filter',
        'annotations.baton/filter.os',
      ]),
    );
  });
});
