import { describe, expect, it } from 'vitest';
import { clauseText, conditionsOf, judgedBy, rowsOf, suitingOf } from '../../src/web/parts/explain-rows.js';
import { describeFilter } from '../../src/domain/matching.js';
import type { ExplainAnswer } from '../../projections/explain-answer.js';

type Runner = ExplainAnswer['runners'][number];

const debian = { key: 'platform', op: 'in', values: ['debian', 'ubuntu'] } as const;
const gpu = { key: 'labels', op: 'all', values: ['gpu', 'big'] } as const;
const theirs = { key: 'enterprise', op: 'in', values: ['acme'] } as const;

const aRunner = (runner: string, holds: readonly [boolean, boolean], unavailable?: string): Runner => ({
  runner,
  suits: holds.every(Boolean),
  ...(unavailable === undefined ? {} : { unavailable }),
  clauses: [
    { clause: debian, holds: holds[0], found: holds[0] ? 'debian' : 'centos' },
    { clause: gpu, holds: holds[1], found: holds[1] ? 'gpu, big' : '' },
  ],
});

const answer = {
  runners: [
    aRunner('none', [false, false]),
    aRunner('one', [true, false]),
    aRunner('busy', [true, true], 'busy: 1 of 1 slots'),
    aRunner('free', [true, true]),
    aRunner('another', [true, false]),
  ],
};

const names = (rows: readonly Runner[]) => rows.map(({ runner }) => runner);

describe('the table of explain', () => {
  it('names conditions in the words of the command line', () => {
    const clauses = [
      debian,
      gpu,
      { key: 'platform', op: 'none', values: ['windows', 'aix'] },
      { key: 'platform_version', op: 'version', values: ['>=12'] },
    ] as const;
    for (const clause of clauses) expect(clauseText(clause)).toBe(describeFilter([clause]));
  });

  it('has those that suit first, the free ones before the others, then the nearest', () => {
    expect(names(rowsOf(answer, ''))).toEqual(['free', 'busy', 'one', 'another', 'none']);
  });

  it('finds runners by name, by state and by what was found, whatever the case', () => {
    expect(names(rowsOf(answer, ' FREE '))).toEqual(['free']);
    expect(names(rowsOf(answer, 'busy:'))).toEqual(['busy']);
    expect(names(rowsOf(answer, 'centos'))).toEqual(['none']);
    expect(names(rowsOf(answer, 'nowhere'))).toEqual([]);
  });

  it('has a column for each condition once, also for one that not every runner is asked', () => {
    const kept = aRunner('kept', [true, true]);
    const runners = [
      ...answer.runners,
      { ...kept, clauses: [...kept.clauses, { clause: theirs, holds: true, found: 'acme' }] },
    ];
    expect(conditionsOf({ runners })).toEqual([
      'platform is debian or ubuntu',
      'labels include gpu and big',
      'enterprise is acme',
    ]);
    expect(judgedBy(runners[0] ?? kept, 'enterprise is acme')).toBeUndefined();
    expect(judgedBy(runners[0] ?? kept, 'platform is debian or ubuntu')).toMatchObject({ found: 'centos' });
  });

  it('counts those that suit, and of these the free ones', () => {
    expect(suitingOf(answer)).toEqual({ suit: 2, free: 1 });
  });
});
