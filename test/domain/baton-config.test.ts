/** What a project configures under the key that is Baton's own. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parseDispatchConfig, phaseIn, type DispatchConfig } from '../../src/domain/dispatch-config.js';

const text = (baton: unknown, filters?: unknown, more: object = {}): string =>
  JSON.stringify({
    ...{ version: '2', ...more },
    job_dispatch: { version: 'v2', ...(filters === undefined ? {} : { filters }) },
    baton,
  });

const config = (...args: Parameters<typeof text>): DispatchConfig => {
  const parsed = parseDispatchConfig(text(...args));
  return E.isRight(parsed) ? parsed.right : expect.fail(JSON.stringify(parsed.left));
};
const refused = (...args: Parameters<typeof text>) => {
  const parsed = parseDispatchConfig(text(...args));
  return E.isLeft(parsed) ? parsed.left.problems : expect.fail('accepted');
};
const paths = (...args: Parameters<typeof text>) => refused(...args).map(({ path }) => path);
const within = (key: string, values: readonly string[], op = 'in') => ({ key, op, values });

describe('members', () => {
  it('given a misspelt one, then the nearest word is offered', () => {
    expect(refused({ retri: {} })).toMatchObject([{ path: 'baton.retri', mend: 'write "retry"' }]);
    expect(refused({ priority: { deplyo: 1 } })).toMatchObject([{ mend: 'write "deploy"' }]);
    expect(refused({ workspace: { unit: { kep: 'never' } } })).toMatchObject([{ mend: 'write "keep"' }]);
  });
  it('given no object, then so, for each', () => {
    expect(paths({ filters: 1, priority: [], retry: '', workspace: true, stages: 'x' }).toSorted()).toEqual([
      ...['baton.filters', 'baton.priority', 'baton.retry', 'baton.stages', 'baton.workspace'],
    ]);
    expect(paths('split')).toEqual(['baton']);
  });
});

describe('filters', () => {
  it('given one filter, then it is added to each row of the matrix, whose labels tell all', () => {
    const { unit, lint } = config(
      { filters: { default: { labels: ['gpu'] } } },
      { unit: [{ platform: ['ubuntu'] }, {}] },
    ).phases;
    expect(unit.rows).toEqual([
      {
        label: 'platform=ubuntu labels=gpu',
        filter: [within('platform', ['ubuntu']), within('labels', ['gpu'], 'all')],
      },
      { label: 'labels=gpu', filter: [within('labels', ['gpu'], 'all')] },
    ]);
    expect(lint.rows).toEqual([{ label: '', filter: [within('labels', ['gpu'], 'all')] }]);
  });

  it('given the entry of a phase, then it replaces the default', () => {
    const { unit, lint } = config({
      filters: { default: { labels: ['gpu'] }, unit: { hostname: 'build-07' }, lint: {} },
    }).phases;
    expect(unit.rows[0]?.filter).toEqual([within('hostname', ['build-07'])]);
    expect(lint.rows[0]?.filter).toEqual([]);
  });

  it('given a matrix, then it gives the rows, to each of which the one filter of job_dispatch is added', () => {
    const { unit } = config(
      { filters: { unit: [{ architecture: 'x86_64' }, { hostname: ['a', 'b'] }] } },
      { default: { os: ['linux'] } },
    ).phases;
    expect(unit.rows.map(({ label }) => label)).toEqual([
      'os=linux architecture=x86_64',
      'os=linux hostname=a,b',
    ]);
  });

  it('given a matrix here and there, then it is refused, with how to mend it', () => {
    const rows = [{ os: ['linux'] }];
    expect(refused({ filters: { unit: rows } }, { unit: rows })).toEqual([
      expect.objectContaining({
        path: 'baton.filters.unit',
        mend: 'write one filter, which is added to each of its rows, or move its rows to this matrix',
      }),
    ]);
  });

  it('given the same key here and there, then what both allow; nothing in common is refused', () => {
    const both = config(
      { filters: { default: { platform: ['b', 'c'] } } },
      { default: { platform: ['a', 'b'] } },
    );
    expect(both.phases.unit.rows[0]?.filter).toEqual([within('platform', ['b'])]);
    expect(refused({ filters: { unit: { os: 'darwin' } } }, { default: { os: ['linux'] } })).toEqual([
      expect.objectContaining({ path: 'baton.filters.unit', mend: 'leave it to one of the two' }),
    ]);
  });

  it.each([
    ['>=7.4 <9', 'version', ['>=7.4 <9']],
    [['>=7.4 <9', '12'], 'version', ['>=7.4 <9', '12']],
    [['7.4', '8'], 'in', ['7.4', '8']],
    ['14.04', 'in', ['14.04']],
  ])('given platform_version %j, then it is compared as %s', (given, op, values) => {
    const { unit } = config({ filters: { unit: { platform_version: given } } }).phases;
    expect(unit.rows[0]?.filter).toEqual([within('platform_version', values, op)]);
  });

  it('given a range in a matrix, then its label tells it', () => {
    const rows = [{ platform_version: '>=7.4 <9' }, { platform_version: ['8', '9'] }];
    expect(config({ filters: { unit: rows } }).phases.unit.rows.map(({ label }) => label)).toEqual([
      'platform_version(>=7.4 <9)',
      'platform_version=8,9',
    ]);
  });

  it.each([
    [{ platform_version: '>=seven' }, 'baton.filters.unit.platform_version'],
    [{ platform_version: ['>=7', '*'] }, 'baton.filters.unit.platform_version[1]'],
    [{ hostname: 7 }, 'baton.filters.unit.hostname'],
    [{ labels: [] }, 'baton.filters.unit.labels'],
    [{ labels: ['a', ''] }, 'baton.filters.unit.labels[1]'],
    [{ hostnam: 'x' }, 'baton.filters.unit.hostnam'],
    [{ kernel: 'x' }, 'baton.filters.unit.kernel'],
  ])('given %j, then its place is told', (filter, path) => {
    expect(paths({ filters: { unit: filter } })).toEqual([path]);
  });

  it('given a comparison where the original compares exactly, then it is told where to write it', () => {
    expect(refused({}, { unit: { platform_version: ['>=7'] } })).toEqual([
      expect.objectContaining({
        path: 'job_dispatch.filters.unit.platform_version[0]',
        mend: 'move it to baton.filters: {"platform_version": ">=7"}',
      }),
    ]);
  });

  it('given Baton’s keys among those of the original, then they are unknown there', () => {
    expect(paths({}, { unit: { labels: ['gpu'] } })).toEqual(['job_dispatch.filters.unit.labels']);
  });

  it('given many values, then a label names the first ones', () => {
    const values = Array.from({ length: 20 }, (_, i) => `v${i}`);
    const [row] = config({ filters: { unit: [{ platform: values }] } }).phases.unit.rows;
    expect(row?.label).toBe('platform=v0,v1,v2,v3,v4,v5,v6,v7,...');
    expect(row?.filter[0]?.values).toHaveLength(20);
  });
});

describe('slots', () => {
  it('given numbers, then so many each of its jobs takes; one is as good as nothing', () => {
    const { unit, deploy, lint } = config({ slots: { default: 2, deploy: 64, lint: 1 } }).phases;
    expect([unit.slots, deploy.slots, 'slots' in lint]).toEqual([2, 64, false]);
    const inStage = config({ slots: { default: 2 }, stages: { acceptance: { slots: { deploy: 3 } } } });
    expect(inStage.stages.acceptance?.deploy?.slots).toBe(3);
  });
  it.each([0, -1, 65, 1.5, '2', null, true])('given %j, then refused', (value) => {
    expect(paths({ slots: { unit: value } })).toEqual(['baton.slots.unit']);
  });
});

describe('priority', () => {
  it('given a default and one of a phase, then each its own; 0 is what phases have anyway', () => {
    const { unit, deploy, lint } = config({ priority: { default: -5, deploy: 100, lint: 0 } }).phases;
    expect([unit.priority, deploy.priority, 'priority' in lint]).toEqual([-5, 100, false]);
  });
  it.each([101, -101, 1.5, '1', null])('given %j, then it is refused', (value) => {
    expect(paths({ priority: { unit: value } })).toEqual(['baton.priority.unit']);
  });
});

describe('retry', () => {
  const retry = (value: unknown) => config({ retry: { unit: value } }).phases.unit.retry;

  it.each([
    [3, { attempts: 3, on: ['failed'], delayMs: 0 }],
    [{ attempts: 2 }, { attempts: 2, on: ['failed'], delayMs: 0 }],
    [
      { attempts: 10, on: ['lost', 'failed'], delay: 1.5, exit_codes: [75, 1] },
      { attempts: 10, on: ['lost', 'failed'], delayMs: 1500, exitCodes: [75, 1] },
    ],
    [false, undefined],
  ])('%j is %j', (given, expected) => {
    expect(retry(given)).toEqual(expected);
  });

  it('given a default, then a phase may say no', () => {
    const { unit, deploy } = config({ retry: { default: 2, deploy: false } }).phases;
    expect([unit.retry?.attempts, deploy.retry]).toEqual([2, undefined]);
  });

  it('given a stage that says no, then no further try there', () => {
    const found = config({ retry: { default: 4 }, stages: { delivered: { retry: { default: false } } } });
    expect(phaseIn(found, 'delivered', 'deploy').retry).toBeUndefined();
    expect(phaseIn(found, 'union', 'deploy').retry?.attempts).toBe(4);
  });

  it.each([
    [1, 'baton.retry.unit'],
    [11, 'baton.retry.unit'],
    [2.5, 'baton.retry.unit'],
    [true, 'baton.retry.unit'],
    [{}, 'baton.retry.unit.attempts'],
    [{ attempts: 2, on: [] }, 'baton.retry.unit.on'],
    [{ attempts: 2, on: ['failed', 'failed'] }, 'baton.retry.unit.on[1]'],
    [{ attempts: 2, on: ['cancelled'] }, 'baton.retry.unit.on[0]'],
    [{ attempts: 2, delay: -1 }, 'baton.retry.unit.delay'],
    [{ attempts: 2, exit_codes: [0] }, 'baton.retry.unit.exit_codes[0]'],
    [{ attempts: 2, exit_codes: [] }, 'baton.retry.unit.exit_codes'],
    [{ attempts: 2, on: ['lost'], exit_codes: [1] }, 'baton.retry.unit.exit_codes'],
    [{ attempts: 2, tries: 2 }, 'baton.retry.unit.tries'],
  ])('given %j, then its place is told', (given, path) => {
    expect(paths({ retry: { unit: given } })).toEqual([path]);
  });
});

describe('workspace', () => {
  it('given all, then in milliseconds and bytes; an empty one is none', () => {
    const all = { keep: 'on_failure', keep_time: 3600, cache: 'npm-20.x', free_mib: 512 };
    const { unit, lint } = config({ workspace: { default: all, lint: {} } }).phases;
    expect(unit.workspace).toEqual({
      ...{ keep: 'on_failure', keepMs: 3_600_000, cache: 'npm-20.x', freeBytes: 536_870_912 },
    });
    expect('workspace' in lint).toBe(false);
  });

  it.each([
    [{ keep: 'sometimes' }, 'keep'],
    [{ keep: 'always', keep_time: 0 }, 'keep_time'],
    [{ keep_time: 60 }, 'keep_time'],
    [{ keep: 'never', keep_time: 60 }, 'keep_time'],
    [{ cache: '..' }, 'cache'],
    [{ cache: 'a/b' }, 'cache'],
    [{ cache: 'x'.repeat(65) }, 'cache'],
    [{ cache: '' }, 'cache'],
    [{ free_mib: 0 }, 'free_mib'],
    [{ free_mib: 1.5 }, 'free_mib'],
  ])('given %j, then its place is told', (given, member) => {
    expect(paths({ workspace: { unit: given } })).toEqual([`baton.workspace.unit.${member}`]);
  });
});

describe('reports', () => {
  it('given true for a phase, or for all and not for one, then its jobs may tell of themselves, and no others', () => {
    expect(config({ reports: { deploy: true } }).phases.deploy.reports).toBe(true);
    const { phases } = config({ reports: { default: true, unit: false } });
    expect([phases.unit.reports, phases.lint.reports]).toEqual([undefined, true]);
  });
  it('given another value, then its place is told', () => {
    expect(paths({ reports: { unit: 'yes', lint: 1 } })).toEqual([
      'baton.reports.unit',
      'baton.reports.lint',
    ]);
  });
});

describe('stages', () => {
  it('given an override, then only the phases that differ, each as a whole', () => {
    const found = config(
      {
        priority: { default: 1 },
        stages: { acceptance: { filters: { deploy: { labels: ['acc'] } }, priority: { smoke: 1 } } },
      },
      { default: { os: ['linux'] } },
    );
    expect(found.stages).toEqual({
      acceptance: {
        deploy: {
          skipped: false,
          rows: [{ label: '', filter: [within('labels', ['acc'], 'all')] }],
          priority: 1,
        },
      },
    });
    expect(phaseIn(found, 'acceptance', 'deploy').rows[0]?.filter[0]?.key).toBe('labels');
    expect(phaseIn(found, 'union', 'deploy').rows[0]?.filter[0]?.key).toBe('os');
  });

  it('given skip_phases, then they are those of the stage, in place of those of the file', () => {
    const found = config({ stages: { acceptance: { skip_phases: ['functional'] } } }, undefined, {
      skip_phases: ['smoke'],
    });
    const inStage = (phase: 'smoke' | 'functional') => phaseIn(found, 'acceptance', phase).skipped;
    expect([inStage('smoke'), inStage('functional'), found.phases.smoke.skipped]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('given a default of a stage, then it goes before the entry of a phase of the file', () => {
    const found = config({
      retry: { deploy: 5 },
      stages: { union: { retry: { default: 2 }, phase_timeouts: { deploy: 60 }, secrets: { smoke: ['A'] } } },
    });
    const deploy = phaseIn(found, 'union', 'deploy');
    expect([deploy.retry?.attempts, deploy.timeoutMs, phaseIn(found, 'union', 'smoke').secrets]).toEqual([
      ...[2, 60_000, ['A']],
    ]);
  });

  it('given a matrix, then the stage has these rows', () => {
    const found = config({ stages: { build: { filters: { unit: [{ os: 'linux' }, { os: 'darwin' }] } } } });
    expect(phaseIn(found, 'build', 'unit').rows.map(({ label }) => label)).toEqual(['os=linux', 'os=darwin']);
    expect(phaseIn(found, 'verify', 'unit').rows).toHaveLength(1);
  });

  it('given what a stage does not have, then a sentence on each', () => {
    const stages = {
      verify: { filters: { deploy: {} }, skip_phases: ['publish'] },
      acceptance: { workspace: { unit: {} }, stages: {} },
      acceptence: {},
    };
    expect(refused({ stages }).map(({ path, expected, mend }) => `${path}: ${expected}; ${mend}`)).toEqual([
      'baton.stages.acceptence: a stage, not "acceptence"; write "acceptance"',
      'baton.stages.verify.skip_phases[0]: a phase that verify has; use one of unit, lint, syntax',
      'baton.stages.verify.filters.deploy: a phase that verify has, or "default", not "deploy"; use one of default, unit, lint, syntax',
      'baton.stages.acceptance.stages: a setting of a stage, not "stages"; use one of filters, secrets, output, priority, slots, retry, workspace, reports, skip_phases, phase_timeouts',
      'baton.stages.acceptance.workspace.unit: a phase that acceptance has, or "default", not "unit"; use one of default, provision, deploy, smoke, functional',
    ]);
  });
});

describe('a file that asks for more than an event can hold', () => {
  const many = (n: number) => Array.from({ length: n }, () => ({}));

  it('given far too many rows, then it is refused', () => {
    expect(refused({}, { unit: many(257) })).toMatchObject([
      { path: 'job_dispatch.filters.unit', mend: 'leave out 1 rows' },
    ]);
    expect(config({}, { unit: many(256) }).phases.unit.rows).toHaveLength(256);
  });

  it('given a long filter for each row of many matrices, then it is refused before it is written out', () => {
    const long = Array.from({ length: 3000 }, (_, i) => `value-${i}`);
    const filters = Object.fromEntries(
      ['unit', 'lint', 'syntax', 'smoke'].map((phase) => [phase, many(256)]),
    );
    const given = text({ filters: { default: { platform: long } } }, filters);
    expect(given.length).toBeLessThan(65_536);
    const parsed = parseDispatchConfig(given);
    expect(E.isLeft(parsed) && parsed.left.problems).toEqual([
      expect.objectContaining({ path: '', expected: expect.stringContaining('at most 896 KiB') as string }),
    ]);
  });

  it('given secrets that every phase of every stage has, then it is refused as well', () => {
    const names = Array.from({ length: 6000 }, (_, i) => `S${i}`);
    const stages = Object.fromEntries(
      ['verify', 'build', 'acceptance', 'union', 'rehearsal', 'delivered'].map((stage) => [
        stage,
        { priority: { default: 1 } },
      ]),
    );
    expect(refused({ secrets: { default: names }, stages })).toMatchObject([{ path: '', found: 'more' }]);
  });
});

describe('build_cookbook', () => {
  const cookbook = (build_cookbook: unknown, version = '2') =>
    parseDispatchConfig(text({}, undefined, { version, build_cookbook }));

  it.each([
    [{ name: 'b', path: '.' }],
    [{ name: 'b', git: 'https://example.org/b.git' }],
    [{ name: 'b', git: 'git@example.org:b.git', branch: 'main' }],
    [{ name: 'b', supermarket: 'true' }],
    [{ name: 'b', supermarket: 'true', site: 'https://market.example.org' }],
    [{ name: 'b', enterprise: 'e', organization: 'o' }],
    [{ name: 'b', server: 'true' }],
    [{ unheard: 'of' }],
  ])('version 2: %j is accepted', (given) => {
    expect(E.isRight(cookbook(given))).toBe(true);
  });

  it('version 1: text is accepted, an object is not; version 2 the other way round', () => {
    expect(E.isRight(cookbook('./b', '1'))).toBe(true);
    for (const found of [cookbook({ path: 'b' }, '1'), cookbook('./b')])
      expect(E.isLeft(found) && found.left.problems.map(({ path, mend }) => [path, mend])).toEqual([
        ['build_cookbook', expect.stringMatching(/^write /)],
      ]);
  });
});
