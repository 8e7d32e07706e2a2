import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parseDispatchConfig } from '../../src/domain/dispatch-config.js';
import type { Candidate } from '../../src/domain/matching.js';
import { nearestMiss, nearestMissText } from '../../src/domain/nearest-miss.js';
import { unmatchedIn } from '../../src/domain/unmatched.js';
import type { Attributes, Clause } from '../../src/events/shapes.js';

const is = (key: string, ...values: readonly string[]): Clause => ({ key, op: 'in', values });
const labelled = (...values: readonly string[]): Clause => ({ key: 'labels', op: 'all', values });
let made = 0;
const runner = (attributes: Attributes, ...labels: readonly string[]): Candidate => ({
  ...{ name: `r${++made}`, attributes, labels },
});
const debian = () =>
  runner({ os: 'linux', platform_family: 'debian', platform: 'ubuntu', platform_version: '22.04' });
const rhel = (...labels: readonly string[]) =>
  runner({ os: 'linux', platform_family: 'rhel', platform: 'rocky', platform_version: '9.3' }, ...labels);

const told = (filter: readonly Clause[], ...runners: readonly Candidate[]): string | undefined => {
  const miss = nearestMiss(filter, runners);
  return miss === undefined ? undefined : nearestMissText(miss);
};

describe('the nearest miss', () => {
  it('given one that suits, or none at all, then there is none', () => {
    expect(told([is('platform_family', 'debian')], rhel(), debian())).toBeUndefined();
    expect(told([is('platform_family', 'debian')])).toBeUndefined();
  });

  it('tells what they have instead, the most frequent first', () => {
    expect(told([is('platform_family', 'suse')], rhel(), debian(), debian())).toBe(
      'platform_family is suse: 2 runners have debian; platform_family is suse: 1 runner has rhel',
    );
  });

  it('given some that fail less, then only those', () => {
    const filter = [is('platform_family', 'rhel'), labelled('gpu')];
    expect(told(filter, debian(), debian(), rhel('big'))).toBe('labels include gpu: 1 runner has big');
    expect(told(filter, rhel(), debian())).toBe('labels include gpu: 1 runner has none');
  });

  it('given conditions that fail together, then both', () => {
    expect(told([is('platform_family', 'suse'), labelled('gpu')], debian())).toBe(
      'platform_family is suse, labels include gpu: 1 runner has debian, none',
    );
  });

  it('given many groups, then the first four, and how many more there are', () => {
    const runners = ['a1', 'b1', 'c1', 'd1', 'e1', 'f1'].map((hostname) => runner({ hostname }));
    expect(told([is('platform', 'x')], ...runners)).toBe('platform is x: 6 runners have none');
    expect(told([is('hostname', 'somewhere')], ...runners)).toMatch(/; 2 more lack as much$/);
  });
});

describe('what was probably meant', () => {
  it.each([
    [is('platform_family', 'ubuntu'), 'ubuntu is a platform; its platform_family is debian'],
    [is('platform_family', 'centos'), 'centos is a platform; its platform_family is rhel'],
    [is('os', 'windows'), 'No runner can be Windows'],
    [is('platform', 'windows'), 'No runner can be Windows'],
    [is('os', 'ubuntu'), 'ubuntu is a platform; its os is linux'],
    [is('os', 'macos'), 'The os of macOS is darwin'],
    [is('platform', 'rhel'), 'The platform of rhel is called redhat'],
    [is('platform_family', 'Debian'), 'Debian may be a slip of the pen: there is debian'],
    [is('platform', 'ubunut'), 'ubunut may be a slip of the pen: there is ubuntu'],
    [labelled('gpus'), 'gpus may be a slip of the pen: there is gpu'],
  ])('%j: %s', (clause, hint) => {
    expect(told([clause], debian(), rhel('gpu', 'big'))).toContain(hint);
  });

  it.each([
    [is('platform_version', '22.05')],
    [is('platform_family', 'suse')],
    [labelled('gpu')],
    [is('hostname', 'r07')],
  ])('%j: nothing is guessed', (clause) => {
    expect(nearestMiss([clause], [{ ...debian(), name: 'r08' }])?.hints).toEqual([]);
  });

  it('given what some runner has, then it is no mistake', () => {
    expect(nearestMiss([is('platform', 'ubuntu'), labelled('x')], [debian(), rhel()])?.hints).toEqual([]);
  });
});

it('given jobs that take more slots than any runner that matches has, then that is what is missing', () => {
  const sized = [
    { ...debian(), slots: 2 },
    { ...debian(), slots: 3 },
    { ...rhel(), slots: 9 },
  ];
  const filter = [is('platform_family', 'debian')];
  const miss = nearestMiss(filter, sized, 4);
  expect(miss && nearestMissText(miss)).toBe('needs 4 slots, the largest runner that matches has 3');
  expect(nearestMiss(filter, sized, 3)).toBeUndefined();
  // how many they have is not known
  expect(nearestMiss(filter, [debian()], 4)).toBeUndefined();
});

describe('what no runner can match of a whole file', () => {
  const unmatched = (config: object, ...runners: readonly Candidate[]) => {
    const parsed = parseDispatchConfig(JSON.stringify({ version: '2', ...config }));
    if (E.isLeft(parsed)) return expect.fail(JSON.stringify(parsed.left));
    return unmatchedIn(parsed.right, runners).map(({ stage, phase, row }) => [stage, phase, row]);
  };
  const suse = { platform_family: ['suse'] };

  it('given a matrix, then the rows of it; not what is skipped', () => {
    const filters = { unit: [suse, {}], lint: suse };
    expect(unmatched({ skip_phases: ['lint'], job_dispatch: { version: 'v2', filters } }, debian())).toEqual([
      [undefined, 'unit', 'platform_family=suse'],
    ]);
  });

  it('given phases that take several slots, then those for which no runner has enough', () => {
    const baton = { slots: { default: 2, deploy: 5 }, stages: { acceptance: { slots: { smoke: 3 } } } };
    const small = { ...debian(), slots: 2 };
    expect(unmatched({ job_dispatch: { version: 'v2' }, baton }, small)).toEqual([
      [undefined, 'deploy', ''],
      ['acceptance', 'smoke', ''],
    ]);
  });

  it('given a stage that says otherwise, then the stage; the file itself counts only where some stage runs it so', () => {
    const filters = { quality: suse, deploy: suse };
    const ok = { filters: { default: {} } };
    const baton = { stages: { build: ok, acceptance: { filters: { smoke: suse } }, union: ok } };
    expect(unmatched({ job_dispatch: { version: 'v2', filters }, baton }, debian())).toEqual([
      [undefined, 'deploy', ''],
      ['acceptance', 'smoke', ''],
    ]);
  });
});
