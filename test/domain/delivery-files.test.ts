/** Files as projects have them, with every trait that was met: what is answered on each, and what becomes of it on the way to runners. */
import { readdirSync, readFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parseDispatchConfig } from '../../src/domain/dispatch-config.js';
import { migrateConfig } from '../../src/domain/migrate-config.js';
import { phases } from '../../src/domain/stage-plan.js';

const folder = new URL('../fixtures/delivery/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');

/** Phases that run and on what, in a few words; or each problem with its place. */
const checked = (name: string): readonly string[] => {
  const parsed = parseDispatchConfig(read(name));
  if (E.isLeft(parsed))
    return parsed.left.problems.map(({ path, mend = '' }) => `${path}: ${mend.slice(0, 60)}`);
  const running = phases.filter((phase) => !parsed.right.phases[phase].skipped);
  return running.flatMap((phase) => {
    const { rows, timeoutMs } = parsed.right.phases[phase];
    const limit = timeoutMs === undefined ? '' : ` ${timeoutMs / 1000} s`;
    return rows.map(({ label, filter }) => {
      const wanted = filter.map(({ key, values }) => `${key}=${values.join('|')}`).join(' ');
      return `${phase}${label === '' ? '' : ` [${label}]`}: ${wanted || 'any'}${limit}`;
    });
  });
};

const ANY = phases.map((phase) => `${phase}: any`);
const without = (...skipped: readonly string[]) =>
  ANY.filter((line) => !skipped.includes(line.split(':')[0] ?? ''));
const PUSH_JOBS = ['job_dispatch: add "job_dispatch": {"version": "v2"}, remove build_nodes, a'];

const answers: Readonly<Record<string, readonly string[]>> = {
  'all-but-one-skipped': ['publish: any'],
  'byte-order-mark': ANY,
  comments: ['line 2, column 19: remove the comment: JSON has none'],
  'cookbook-from-git': PUSH_JOBS,
  'cookbook-from-supermarket': ANY,
  'cookbook-of-project': ANY,
  crlf: PUSH_JOBS,
  'default-as-array': ['job_dispatch.filters.default: move the matrix to the phases that need it'],
  'default-filter': phases.map((phase) =>
    phase === 'deploy' ? 'deploy: any' : `${phase}: os=linux platform=ubuntu`,
  ),
  'dispatch-empty': ['job_dispatch.version: write "version": "v2"'],
  'dispatch-v1': PUSH_JOBS,
  'empty-matrix': [
    'job_dispatch.filters.unit: add a row, or remove the key to use the default filter',
    'job_dispatch.filters.lint[0].os: remove the key to allow any',
  ],
  'key-of-others-twice': ANY,
  matrix: [
    'unit [platform_family=debian platform_version=12]: platform_family=debian platform_version=12',
    'unit [platform_family=rhel]: platform_family=rhel',
    ...without('unit', 'lint', 'security'),
  ],
  'missing-quote': ['line 3, column 27: put it in double quotes'],
  'no-newline-at-end': ANY,
  'nodes-beside-v2': ['build_nodes: remove it: filters choose the runner'],
  'nodes-by-stage': PUSH_JOBS,
  'nothing-of-either': PUSH_JOBS,
  'own-key-twice': ['skip_phases: keep one of the two'],
  unfilled: PUSH_JOBS,
  tags: PUSH_JOBS,
  timeouts: phases.map((phase) => `${phase}: any ${phase === 'functional' ? 7200 : 3600} s`),
  'trailing-comma': ['line 5, column 11: remove it'],
  'twice-before-migration': PUSH_JOBS,
  'version-1': PUSH_JOBS,
  'version-1-dispatched': ANY,
  'version-1-object-cookbook': ['build_cookbook: write "version": "2", which has an object here'],
  wildcard: PUSH_JOBS,
};

describe('every file is answered', () => {
  it('each has its answer here', () => {
    const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
    expect(names.toSorted()).toEqual(Object.keys(answers).toSorted());
  });

  it.each(Object.entries(answers))('%s', (name, answer) => {
    expect(checked(name)).toEqual(answer);
  });
});

const migrated = (name: string) => {
  const found = migrateConfig(read(name));
  if (E.isLeft(found)) return found.left.map(({ path, mend = '' }) => `${path}: ${mend}`);
  return found.right;
};

describe('what Push Jobs ran comes to runners', () => {
  it.each([
    ['cookbook-from-git', {}],
    ['crlf', {}],
    ['unfilled', {}],
    ['nothing-of-either', {}],
    ['version-1', { filters: { default: { platform: ['ubuntu'], platform_version: ['22.04'] } } }],
    ['dispatch-v1', { filters: { default: { platform_family: ['debian'] } } }],
    ['wildcard', { filters: { unit: { platform: ['ubuntu', 'debian'] } } }],
    [
      'tags',
      {
        filters: { default: { platform: ['ubuntu'], platform_version: ['22.04'] }, lint: { os: ['linux'] } },
      },
    ],
  ])('%s', (name, dispatch) => {
    const found = migrated(name);
    if (!('text' in found)) expect.fail(found.join());
    expect(JSON.parse(found.text)).toMatchObject({ job_dispatch: { version: 'v2', ...dispatch } });
    expect(found.text).not.toContain('build_nodes');
    expect(E.isRight(parseDispatchConfig(found.text))).toBe(true);
  });

  it.each([
    ['trailing-comma', 'line 5, column 11: remove it'],
    ['missing-quote', 'line 3, column 27: put it in double quotes'],
    ['twice-before-migration', 'some-tool: keep one of the two, or the other is lost'],
    ['matrix', 'job_dispatch.version: there is nothing to migrate'],
    [
      'nodes-beside-v2',
      'job_dispatch.version: it is migrated already: remove build_nodes, which has no effect',
    ],
    ['dispatch-empty', 'job_dispatch.version: write "version": "v1", or remove job_dispatch'],
  ])('%s is refused', (name, problem) => {
    expect(migrated(name)).toEqual([problem]);
  });

  it('given labels as a default, then a phase whose query asked for none has none', () => {
    const found = migrated('tags');
    if (!('text' in found)) expect.fail(found.join());
    expect(JSON.parse(found.text)).toMatchObject({
      baton: { filters: { default: { labels: ['build-node'] }, lint: {} } },
    });
    expect(found.complete).toBe(true);
    expect(found.remarks).toEqual([
      {
        about: 'default',
        text: 'tags:build-node asks for the label build-node now: give it to each such runner (baton runner set NAME --label build-node)',
      },
    ]);
  });

  it('given a wildcard, then what is left out is said, and what the result is', () => {
    const found = migrated('wildcard');
    if (!('text' in found)) expect.fail(found.join());
    expect(found.complete).toBe(false);
    expect(found.remarks.map(({ about, text }) => `${about}: ${text}`)).toEqual([
      'default: name:builder-* is left out: it has a wildcard, and filters compare exactly',
      'default: nothing is left of it: any runner suits until you write a filter',
    ]);
  });

  it('given stages instead of phases, then each becomes an override of Baton, and Windows is told of', () => {
    const found = migrated('nodes-by-stage');
    if (!('text' in found)) expect.fail(found.join());
    expect(JSON.parse(found.text)).toMatchObject({
      baton: {
        stages: {
          acceptance: { filters: { default: { platform: ['windows'] } } },
          union: { filters: { default: { hostname: ['union-1.example.org'] } } },
        },
      },
    });
    expect(found.remarks.map(({ text }) => text)).toContain(
      'No runner can be Windows: a runner has a POSIX shell, and its os is linux or darwin.',
    );
  });

  it('given numbers, escapes and an odd layout, then every word is as it was, keys stand as they stood, and the layout is even', () => {
    const found = migrated('nothing-of-either');
    if (!('text' in found)) expect.fail(found.join());
    expect(found.text).toBe(`{
  "version": "2",
  "build_cookbook": {
    "name": "tools",
    "path": ".delivery/tools"
  },
  "some-tool": {
    "price": 1.0,
    "letter": "\\u00e9",
    "big": 1e3
  },
  "skip_phases": [
    "deploy",
    "smoke"
  ],
  "job_dispatch": {
    "version": "v2"
  }
}
`);
  });

  it('given CRLF, then the new text has it too', () => {
    const found = migrated('crlf');
    if (!('text' in found)) expect.fail(found.join());
    expect(found.text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(found.text).toContain('"build_cookbook": {\r\n    "name"');
  });
});
