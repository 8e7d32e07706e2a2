import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import {
  MAX_CONFIG_CHARACTERS,
  parseDispatchConfig,
  type ConfigError,
  type DispatchConfig,
} from '../../src/domain/dispatch-config.js';
import { stagePlan, phases } from '../../src/domain/stage-plan.js';

const v2 = (more: object = {}, dispatch: object = {}): string =>
  JSON.stringify({ version: '2', job_dispatch: { version: 'v2', ...dispatch }, ...more });

const config = (text: string): DispatchConfig => {
  const parsed = parseDispatchConfig(text);
  if (E.isLeft(parsed)) throw new Error(JSON.stringify(parsed.left));
  return parsed.right;
};

const refusal = (text: string): ConfigError => {
  const parsed = parseDispatchConfig(text);
  if (E.isRight(parsed)) throw new Error('accepted');
  return parsed.left;
};

const paths = (text: string): readonly string[] => refusal(text).problems.map(({ path }) => path);

describe('parseDispatchConfig, accepted', () => {
  it('given no filters, then each of the ten phases has one row that suits any runner', () => {
    const { phases: found } = config(v2());
    expect(Object.keys(found)).toEqual([...phases]);
    expect(found.unit).toEqual({ skipped: false, rows: [{ label: '', filter: [] }] });
  });

  it('given an entry of its own, then it replaces the default entirely', () => {
    const filters = { default: { os: ['linux'] }, lint: { platform: ['ubuntu'] } };
    const { phases: found } = config(v2({}, { filters }));
    expect(found.lint.rows).toEqual([
      { label: '', filter: [{ key: 'platform', op: 'in', values: ['ubuntu'] }] },
    ]);
    expect(found.unit.rows[0]?.filter).toEqual([{ key: 'os', op: 'in', values: ['linux'] }]);
  });

  it('given an empty filter of its own, then the default does not apply to it', () => {
    const { phases: found } = config(v2({}, { filters: { default: { os: ['linux'] }, lint: {} } }));
    expect(found.lint.rows).toEqual([{ label: '', filter: [] }]);
  });

  it('given a matrix, then each row has a label in a fixed order of keys', () => {
    const unit = [{ platform_version: ['6.9', '7.4'], platform_family: ['rhel'] }, {}];
    const labels = config(v2({}, { filters: { unit } })).phases.unit.rows.map(({ label }) => label);
    expect(labels).toEqual(['platform_family=rhel platform_version=6.9,7.4', 'any']);
  });

  it('given timeouts in seconds, then a phase takes its own, else the default', () => {
    const found = config(v2({ phase_timeouts: { default: 3600, functional: 0.5 } })).phases;
    expect([found.unit.timeoutMs, found.functional.timeoutMs]).toEqual([3_600_000, 500]);
  });

  it('given a phase skipped twice and keys of others, then both are taken as they are', () => {
    const found = config(v2({ skip_phases: ['lint', 'lint'], 'delivery-truck': { publish: [1, null] } }));
    expect([found.phases.lint.skipped, found.phases.unit.skipped]).toEqual([true, false]);
  });

  it('given dependencies, then each in its parts, as it is written', () => {
    const written = ['api', 'api:v1', 'infra/base', 'infra/base:release/2.0', 'a.b-c_d'];
    expect(config(v2({ dependencies: written })).dependencies).toEqual([
      { project: 'api' },
      { project: 'api', pipeline: 'v1' },
      { organisation: 'infra', project: 'base' },
      { organisation: 'infra', project: 'base', pipeline: 'release/2.0' },
      { project: 'a.b-c_d' },
    ]);
    expect(config(v2()).dependencies).toEqual([]);
  });

  it('given a key twice in what is only passed through, then it is none of our business', () => {
    expect(config(`{"x": {"a": 1, "a": 2}, "x": 1, ${v2().slice(1)}`).phases.unit.skipped).toBe(false);
  });

  it('given version "1" with a cookbook as text, a byte order mark and CRLF, then it is read', () => {
    const text = `\ufeff${v2({ version: '1', build_cookbook: './cookbook' }).replaceAll(',', ',\r\n')}`;
    expect(config(text).phases.unit.skipped).toBe(false);
  });
});

describe('parseDispatchConfig, refused', () => {
  it('given many mistakes, then all are told at once, each with its path', () => {
    const text = v2(
      { skip_phases: ['unitt', 7], phase_timeouts: { lint: '60', smok: 1 }, build_nodes: {} },
      { filters: { default: [{}], unit: { platfrom: ['x'] }, lint: [], syntx: {}, syntax: { os: 'linux' } } },
    );
    expect(paths(text).toSorted()).toEqual([
      'build_nodes',
      'job_dispatch.filters.default',
      'job_dispatch.filters.lint',
      'job_dispatch.filters.syntax.os',
      'job_dispatch.filters.syntx',
      'job_dispatch.filters.unit.platfrom',
      'phase_timeouts.lint',
      'phase_timeouts.smok',
      'skip_phases[0]',
      'skip_phases[1]',
    ]);
  });

  it('given a misspelt filter key, then the nearest one is offered, with the line', () => {
    const text = v2({}, { filters: { unit: [{ platfrom_family: ['rhel'] }] } }).replace('{"plat', '\n{"plat');
    expect(refusal(text).problems).toEqual([
      {
        path: 'job_dispatch.filters.unit[0].platfrom_family',
        expected: 'a filter key, not "platfrom_family"',
        found: '["rhel"] (line 2)',
        mend: 'write "platform_family"',
      },
    ]);
  });

  it('given a scalar where a list belongs, then the list is written out', () => {
    const [problem] = refusal(v2({}, { filters: { unit: { os: 'linux' } } })).problems;
    expect(problem?.mend).toBe('write ["linux"]');
  });

  it.each([
    ['an empty list', { filters: { unit: { os: [] } } }, 'job_dispatch.filters.unit.os'],
    ['an empty list in a row', { filters: { unit: [{ os: [] }] } }, 'job_dispatch.filters.unit[0].os'],
    ['a number as value', { filters: { unit: { os: [7] } } }, 'job_dispatch.filters.unit.os[0]'],
    ['a control character', { filters: { unit: { os: ['a\u001b[2J'] } } }, 'job_dispatch.filters.unit.os[0]'],
    ['filters as a list', { filters: [] }, 'job_dispatch.filters'],
    ['a row that is no object', { filters: { unit: ['debian'] } }, 'job_dispatch.filters.unit[0]'],
    ['an unknown version', { version: 'v3' }, 'job_dispatch.version'],
  ])('given %s, then its place is told', (_, dispatch, path) => {
    expect(paths(v2({}, dispatch))).toEqual([path]);
  });

  it.each([
    ['no version', '{"job_dispatch": {"version": "v2"}}', 'version'],
    ['job_dispatch without a version', '{"version": "2", "job_dispatch": {}}', 'job_dispatch.version'],
    ['job_dispatch as text', '{"version": "2", "job_dispatch": "v2"}', 'job_dispatch'],
    ['a list as root', '[]', ''],
    ['a cookbook with a number in it', v2({ build_cookbook: { name: 1 } }), 'build_cookbook.name'],
    ['a timeout of nothing', v2({ phase_timeouts: { unit: 0 } }), 'phase_timeouts.unit'],
    ['a timeout that a timer cannot hold', v2({ phase_timeouts: { unit: 1e9 } }), 'phase_timeouts.unit'],
    ['a key of ours twice', v2({ skip_phases: [] }).replace('{', '{"skip_phases": ["unit"],'), 'skip_phases'],
  ])('given %s, then its place is told', (_, text, path) => {
    expect(paths(text)).toContain(path);
  });

  it.each([
    ...['', ' ', 'a b', 'a/b/c', '/api', 'api/', 'api:', ':main', 'a/:main', 'api:-x', 'api:a b', 'api:a:b'],
    ...['api:v[1]', 'api\u0007', 'api:\u001b[2J', 'x'.repeat(65), 'ümlaut', 7, null, ['api'], {}],
  ])('given the dependency %j, then its place is told', (dependency) => {
    expect(paths(v2({ dependencies: ['api', dependency] }))).toEqual(['dependencies[1]']);
  });

  it('given dependencies that are no list, then this is told, and how a dependency is written', () => {
    expect(paths(v2({ dependencies: 'api' }))).toEqual(['dependencies']);
    const [problem] = refusal(v2({ dependencies: ['a/b/c'] })).problems;
    expect(problem?.mend).toBe(
      'write "project", "project:pipeline", "org/project" or "org/project:pipeline"',
    );
  });

  it('given far too much text, then it is not read at all', () => {
    expect(refusal(v2({ x: 'x'.repeat(MAX_CONFIG_CHARACTERS) })).problems[0]?.expected).toContain('at most');
  });

  it.each([
    ['none', '{"version": "2", "build_cookbook": {}}', 'no_job_dispatch'],
    ['v1', '{"version": "2", "job_dispatch": {"version": "v1"}}', 'job_dispatch_v1'],
  ])(
    'given job_dispatch %s, then it is not dispatched here, with a hint how to migrate',
    (_, text, reason) => {
      const { code, reason: found, problems } = refusal(text);
      expect([code, found]).toEqual(['not_dispatched_here', reason]);
      expect(problems[0]?.mend).toContain('"job_dispatch": {"version": "v2"}');
    },
  );
});

describe('parseDispatchConfig, not JSON', () => {
  it.each([
    ['a comma after the last item', '{\n  "a": [1,\n  2,\n  ]\n}', 'line 3, column 4', 'remove it'],
    ['a missing opening quote', '{"a": ["x", quality"]}', 'line 1, column 13', 'put it in double quotes'],
    ['a comment', '{\n// no\n"a": 1}', 'line 2, column 1', 'remove the comment: JSON has none'],
    ['single quotes', "{'a': 1}", 'line 1, column 2', 'use double quotes'],
    ['an early end', '{"a": [1', 'line 1, column 9', 'the file ends too early: close what is open'],
    ['nothing', '', 'line 1, column 1', 'the file ends too early: close what is open'],
  ])('given %s, then line and column are told, and how to mend it', (_, text, path, mend) => {
    const { reason, problems } = refusal(text);
    expect(reason).toBe('not_json');
    expect(problems).toEqual([expect.objectContaining({ path, mend })]);
  });

  it('given a bottomless nest, then it is refused, not a crash', () => {
    expect(refusal('['.repeat(20_000)).problems[0]?.expected).toContain('levels of nesting');
  });
});

describe('stagePlan', () => {
  it('has every phase somewhere, and unit, lint and syntax together in verify', () => {
    expect(new Set(Object.values(stagePlan).flat(2))).toEqual(new Set(phases));
    expect(stagePlan.verify).toEqual([['unit', 'lint', 'syntax']]);
  });
});

describe('secrets of phases', () => {
  const withSecrets = (secrets: unknown) =>
    parseDispatchConfig(
      JSON.stringify({ version: '2', job_dispatch: { version: 'v2' }, baton: { secrets } }),
    );
  it('given a default and a phase of its own, then the phase has its own alone', () => {
    const found = withSecrets({ default: ['A'], deploy: ['B', 'C'], smoke: [] });
    if (E.isLeft(found)) expect.fail(JSON.stringify(found.left));
    const { unit, deploy, smoke } = found.right.phases;
    expect([unit.secrets, deploy.secrets, smoke.secrets]).toEqual([['A'], ['B', 'C'], undefined]);
  });
  it('given unknown phases, impossible names and repeats, then all are told', () => {
    const found = withSecrets({ deplyo: ['A'], unit: ['PATH', 'a-b', 'A', 'A', 1], lint: 'A' });
    expect(E.isLeft(found) && found.left.problems.map(({ path }) => path)).toEqual([
      'baton.secrets.deplyo',
      'baton.secrets.unit[0]',
      'baton.secrets.unit[1]',
      'baton.secrets.unit[3]',
      'baton.secrets.unit[4]',
      'baton.secrets.lint',
    ]);
  });
});

describe('outputs of phases', () => {
  const withOutput = (output: unknown) =>
    parseDispatchConfig(JSON.stringify({ version: '2', job_dispatch: { version: 'v2' }, baton: { output } }));
  it('given a default and a phase of its own, then the phase has its own; both as one is what phases have anyway', () => {
    const found = withOutput({ default: 'split', lint: 'merged' });
    if (E.isLeft(found)) expect.fail(JSON.stringify(found.left));
    const { unit, lint } = found.right.phases;
    expect([unit.output, 'output' in lint]).toEqual(['split', false]);
  });
  it('given none, then both as one', () => {
    const found = withOutput({});
    expect(E.isRight(found) && 'output' in found.right.phases.unit).toBe(false);
  });
  it('given unknown phases and words, then all are told', () => {
    const found = withOutput({ deplyo: 'split', unit: 'apart', lint: true });
    expect(E.isLeft(found) && found.left.problems.map(({ path }) => path)).toEqual([
      'baton.output.deplyo',
      'baton.output.unit',
      'baton.output.lint',
    ]);
  });
});
