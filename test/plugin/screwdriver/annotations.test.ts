import { describe, expect, it } from 'vitest';
import { wishesOf } from '../../../plugin/hosts/screwdriver/annotations.js';

describe('wishesOf', () => {
  it('nothing said: any runner, one build of the job at a time', () => {
    expect(wishesOf({})).toMatchObject({ right: { rows: [{ label: '', filter: [] }], atOnce: false } });
  });

  it('chooses runners by keys and values, by clauses, and obeys those of Screwdriver that concern it', () => {
    expect(
      wishesOf({
        'baton/filter': { os: 'linux', platform_family: ['debian', 'rhel'] },
        'baton/label': 'debian',
        'baton/priority': 5,
        'baton/slots': 2,
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
        rows: [
          {
            label: 'debian',
            filter: [
              { key: 'os', op: 'in', values: ['linux'] },
              { key: 'platform_family', op: 'in', values: ['debian', 'rhel'] },
            ],
          },
        ],
        ...{ priority: 5, slots: 2, cache: 'npm', timeoutMinutes: 30, graceSeconds: 60, atOnce: true },
      },
    });
    const clauses = [{ key: 'platform_version', op: 'version', values: ['>=12'] }];
    expect(wishesOf({ 'baton/filter': clauses })).toMatchObject({ right: { rows: [{ filter: clauses }] } });
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

  it('a matrix is one row for each of its entries, which take what suits the whole job and themselves', () => {
    const wishes = wishesOf({
      'baton/filter': { os: 'linux' },
      'baton/matrix': [
        { label: 'debian', filter: { platform_family: 'debian' } },
        { label: 'new', filter: [{ key: 'labels', op: 'all', values: ['new'] }] },
        { label: 'any' },
      ],
    });
    const linux = { key: 'os', op: 'in', values: ['linux'] };
    expect(wishes).toMatchObject({
      right: {
        rows: [
          { label: 'debian', filter: [linux, { key: 'platform_family', op: 'in', values: ['debian'] }] },
          { label: 'new', filter: [linux, { key: 'labels', op: 'all', values: ['new'] }] },
          { label: 'any', filter: [linux] },
        ],
      },
    });
    // of labels a runner may have both
    const both = {
      'baton/filter': { labels: 'a' },
      'baton/matrix': [{ label: 'x', filter: { labels: 'b' } }],
    };
    expect(wishesOf(both)._tag).toBe('Right');
  });

  it('everything that is wrong with a matrix is said at once', () => {
    const problemsIn = (annotations: Readonly<Record<string, unknown>>) => {
      const wishes = wishesOf(annotations);
      return wishes._tag === 'Left'
        ? wishes.left.map(({ path }) => path.replace('annotations.baton/', ''))
        : [];
    };
    expect(
      new Set(
        problemsIn({
          'baton/label': 'all',
          'baton/filter': { os: 'linux' },
          'baton/matrix': [
            { label: 'a', filtre: {} },
            { label: 'a' },
            { label: 'b', filter: { os: ['windows', 'macos'] } },
            { label: 'c', filter: { os: ['windows', 'linux'] } },
          ],
        }),
      ),
    ).toEqual(new Set(['label', 'matrix[0].filtre', 'matrix[1].label', 'matrix[2].filter']));
    expect(
      new Set(
        problemsIn({ 'baton/matrix': [{ label: 'two words' }, {}, 7, { label: 'b', filter: { os: 7 } }] }),
      ),
    ).toEqual(
      new Set(['matrix[0].label', 'matrix[1].label', 'matrix[2]', 'matrix[3].filter', 'matrix[3].filter.os']),
    );
    for (const matrix of [[], {}, 'linux', Array.from({ length: 51 }, (_, i) => ({ label: `r${i}` }))])
      expect(problemsIn({ 'baton/matrix': matrix })).toContain('matrix');
    const many = Array.from({ length: 30 }, (_, i) => ({ key: 'labels', op: 'in', values: [`l${i}`] }));
    expect(problemsIn({ 'baton/filter': many, 'baton/matrix': [{ label: 'a', filter: many }] })).toEqual([
      'matrix[0].filter',
    ]);
  });
});
