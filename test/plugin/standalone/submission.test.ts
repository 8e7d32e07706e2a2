import * as E from 'fp-ts/lib/Either.js';
import { changeDecider } from '../../../plugin/hosts/standalone/change.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { describe, expect, it } from 'vitest';
import {
  prepareMerge,
  prepareSubmission,
  type Submission,
} from '../../../plugin/hosts/standalone/submission.js';
import { changeIdOf } from '../../../plugin/hosts/standalone/ids.js';
import type { AppError } from '../../../src/app/errors.js';
import { defaultPhaseWays, type PhaseWays } from '../../../src/domain/phase-ways.js';
import type { SourceProvider } from '../../../src/app/ports.js';
import type { SubmitChange } from '../../../src/app/use-cases.js';
import { APPEND_LIMIT_BYTES, appendBytes, encode } from '../../../src/store/encoding.js';
import { source } from './history.js';

/** A repository in memory: the port's answers without git, which has its own tests. */
const holding = (files: Readonly<Record<string, string>>): SourceProvider => ({
  resolve: ({ repository }) => TE.right({ source: source('a1', repository), title: 'Add b' }),
  readFile: (_, path) => TE.right(files[path]),
  archive: notNeeded,
  merge: (patchset) => TE.right({ ...patchset, sha: 'merged' }),
  land: notNeeded,
  dropBranch: notNeeded,
});
const notNeeded = (): never => {
  throw new Error('not needed to submit');
};

const v2 = (more: object = {}): string =>
  JSON.stringify({ version: '2', job_dispatch: { version: 'v2' }, ...more });
const commands = '[local_phases]\nunit = "make unit"\nlint = "make lint"\nsyntax = "make syntax"\n';
const request: SubmitChange = { repository: '/repos/web.git', branch: 'feature', target: 'main' };

const prepare = async (
  config: string | undefined,
  project: string | undefined,
  more: Partial<SubmitChange> = {},
  ways: Partial<PhaseWays> = {},
) =>
  prepareSubmission(
    holding({
      ...(config === undefined ? {} : { '.delivery/config.json': config }),
      ...(project === undefined ? {} : { '.delivery/project.toml': project }),
    }),
    { ...defaultPhaseWays, ...ways },
    { ...request, ...more },
  )();

const right = (prepared: E.Either<AppError, Submission>): Submission => {
  if (E.isLeft(prepared)) throw new Error(JSON.stringify(prepared.left));
  return prepared.right;
};
const left = (prepared: E.Either<AppError, Submission>): AppError => {
  if (E.isRight(prepared)) throw new Error('accepted');
  return prepared.left;
};

describe('prepareSubmission', () => {
  it('given problems in the configuration, then each has its line and column', async () => {
    const config = '{"version": "2",\n "job_dispatch": {"version": "v2"},\n "skip_phases": ["smoky"]}';
    expect(left(await prepare(config, commands)).problems).toMatchObject([
      { path: '.delivery/config.json: skip_phases[0]', line: 3, column: 18 },
    ]);
    const broken = '{"version": "2",\n}';
    expect(left(await prepare(broken, commands)).problems).toMatchObject([{ line: 1, column: 16 }]);
    const v1 = '{"version": "2",\n "job_dispatch": {"version": "v1"}}';
    expect(left(await prepare(v1, commands)).problems).toMatchObject([{ line: 2, column: 2 }]);
  });

  it('given both files in order, then Verify is planned with its commands, rows and limits', async () => {
    const config = v2({ skip_phases: ['lint'], phase_timeouts: { unit: 60 } });
    const found = right(await prepare(config, commands));
    const scope = { enterprise: 'default', organisation: 'default', project: 'web' };
    expect(found).toMatchObject({ scope, pipeline: 'main', branch: 'feature', title: 'Add b' });
    expect(found.changeId).toBe(changeIdOf(scope, 'main', 'feature'));
    const limits = { cancelGraceMs: 10_000, logBytes: 67_108_864 };
    const rows = [{ label: '', filter: [] }];
    expect(found.plan).toEqual([
      {
        ...{ phase: 'unit', group: 0, skipped: false, rows, limits: { ...limits, totalMs: 60_000 } },
        steps: [{ name: 'unit', run: 'make unit' }],
      },
      { phase: 'lint', group: 0, skipped: true, rows, limits, steps: [] },
      {
        ...{ phase: 'syntax', group: 0, skipped: false, rows, limits },
        steps: [{ name: 'syntax', run: 'make syntax' }],
      },
    ]);
  });

  it('given a phase without a command, then it is named, and how to mend it', async () => {
    const { code, reason, problems } = left(
      await prepare(v2(), '[local_phases]\nuint = "x"\nlint = ""\nsyntax = "x"'),
    );
    expect([code, reason]).toEqual(['invalid', 'no_command']);
    expect(problems).toEqual([
      {
        path: '.delivery/project.toml: local_phases.unit',
        expected: 'a command for phase unit, which is not skipped',
        found: 'none, but "uint"',
        mend: 'rename it to unit',
      },
      {
        path: '.delivery/project.toml: local_phases.lint',
        expected: 'a command for phase lint, which is not skipped',
        found: 'none',
        mend: 'add lint = "command" to [local_phases], or "lint" to skip_phases of .delivery/config.json',
      },
    ]);
  });

  it('given Verify otherwise than other stages, then it is planned so', async () => {
    const baton = {
      retry: { unit: 2 },
      stages: { verify: { skip_phases: ['lint', 'syntax'], priority: { unit: 9 }, slots: { unit: 3 } } },
    };
    const [unit, ...others] = right(await prepare(v2({ baton }), commands)).plan;
    expect(unit).toMatchObject({ priority: 9, slots: 3, retry: { attempts: 2, on: ['failed'], delayMs: 0 } });
    expect(others.map(({ skipped }) => skipped)).toEqual([true, true]);
  });

  it('given commands and rows that no event could hold together, then it is refused with what to do', async () => {
    const long = (phase: string) => `${phase} = "true ${'\u00e9'.repeat(20_000)}"`;
    const rows = Array.from({ length: 256 }, () => ({}));
    const values = Array.from({ length: 400 }, (_, i) => `value-${i}`);
    const config = v2({
      job_dispatch: { version: 'v2', filters: { unit: rows } },
      baton: { filters: { unit: { platform: values.slice(0, 270) } } },
    });
    const project = `[local_phases]\n${['unit', 'lint', 'syntax'].map(long).join('\n')}\n`;
    const error = left(await prepare(config, project));
    expect([error.code, error.reason]).toEqual(['invalid', 'plan_too_large']);
    expect(error.problems).toMatchObject([{ path: '.delivery/project.toml: local_phases', found: 'more' }]);
  });

  it('given a phase without a command, then the hint tells the way of a build cookbook too', async () => {
    expect(left(await prepare(v2(), undefined)).hint).toContain('--delivery-job on');
  });

  it('given a command of the installation, then every phase that is not skipped runs it, before its own', async () => {
    const command = 'exec /opt/ci/phase "$BATON_STAGE" "$BATON_PHASE"';
    const found = right(
      await prepare(v2({ skip_phases: ['lint'] }), commands, {}, { command, deliveryJob: true }),
    );
    expect(found.plan.map(({ steps }) => steps)).toEqual([
      [{ name: 'unit', run: command }],
      [],
      [{ name: 'syntax', run: command }],
    ]);
  });

  it('given delivery job, then a phase with a command keeps it, and one without is planned without steps', async () => {
    const found = right(
      await prepare(v2(), '[local_phases]\nunit = "make unit"\n', {}, { deliveryJob: true }),
    );
    expect(found.plan.map(({ skipped, steps }) => [skipped, steps])).toEqual([
      [false, [{ name: 'unit', run: 'make unit' }]],
      [false, []],
      [false, []],
    ]);
  });

  it('given no project.toml and all of Verify skipped, then nothing is missing', async () => {
    const found = right(await prepare(v2({ skip_phases: ['unit', 'lint', 'syntax'] }), undefined));
    expect(found.plan.map(({ skipped }) => skipped)).toEqual([true, true, true]);
  });

  it('given problems in both files, then all come together, each with its file', async () => {
    const { problems } = left(await prepare(v2({ skip_phases: ['x', 'y'] }), 'unit = \n'));
    expect(problems?.map(({ path }) => path)).toEqual([
      '.delivery/config.json: skip_phases[0]',
      '.delivery/config.json: skip_phases[1]',
      expect.stringMatching(/^\.delivery\/project\.toml: line 1, column \d+$/),
    ]);
  });

  it('given no config.json, then it is told what to add', async () => {
    const [problem] = left(await prepare(undefined, commands)).problems ?? [];
    expect(problem).toMatchObject({ path: '.delivery/config.json', found: 'nothing' });
  });

  it('given a project of Push Jobs, then it is not dispatched here, with a hint how to migrate', async () => {
    const error = left(await prepare('{"version": "2"}', undefined));
    expect([error.code, error.reason]).toEqual(['not_dispatched_here', 'no_job_dispatch']);
    expect(error.hint).toContain('"job_dispatch": {"version": "v2"}');
  });

  it.each([
    ['/repos/web', 'web'],
    ['/repos/web/.git', 'web'],
    ['https://example.org/group/web.git/', 'web'],
    ['git@example.org:web.git', 'web'],
  ])('given repository %s, then its project is %s', async (repository, project) => {
    expect(right(await prepare(v2(), commands, { repository })).scope.project).toBe(project);
  });

  it('given names that no stream or role could carry, then all are refused before the repository is asked', async () => {
    const error = left(await prepare(v2(), commands, { repository: '/x/my web', enterprise: 'a/b' }));
    expect(error.problems?.map(({ path }) => path)).toEqual(['enterprise', 'project']);
  });

  it.each(['--help', '..', '.hidden'])(
    'given the name %s, an option or no folder, then it is refused',
    async (name) => {
      const error = left(
        await prepare(v2(), commands, { enterprise: name, organisation: name, project: name }),
      );
      expect(error.problems?.map(({ path }) => path)).toEqual(['enterprise', 'organisation', 'project']);
    },
  );
});

describe('prepareMerge', () => {
  const all = ['unit', 'lint', 'syntax', 'quality', 'security', 'publish', 'provision', 'deploy', 'smoke'];
  const merge = (config: string, given: readonly string[]) =>
    prepareMerge(
      holding({
        '.delivery/config.json': config,
        '.delivery/project.toml': `[local_phases]\n${given.map((phase) => `${phase} = "make ${phase}"\n`).join('')}`,
      }),
      defaultPhaseWays,
      source('a1'),
    )();

  it('given no stage of its own, then there are no overrides', async () => {
    const found = await merge(v2({ skip_phases: ['functional'] }), all);
    expect(E.isRight(found) && [found.right.phases.length, 'overrides' in found.right]).toEqual([10, false]);
  });

  it('given stages, then of each only the phases that differ; not of Verify, which has been planned', async () => {
    const stages = {
      verify: { priority: { unit: 5 } },
      build: { priority: { unit: 0 } },
      acceptance: { filters: { deploy: { labels: ['acc'] } } },
    };
    const found = await merge(v2({ skip_phases: ['functional'], baton: { stages } }), all);
    expect(E.isRight(found) && found.right.overrides).toEqual([
      {
        stage: 'acceptance',
        phases: [
          {
            ...{ phase: 'deploy', skipped: false, steps: [{ name: 'deploy', run: 'make deploy' }] },
            rows: [{ label: '', filter: [{ key: 'labels', op: 'all', values: ['acc'] }] }],
            limits: { cancelGraceMs: 10_000, logBytes: 67_108_864 },
          },
        ],
      },
    ]);
  });

  it('given a phase that only some stages run, then its command is missing once', async () => {
    const stages = { acceptance: { skip_phases: [] }, union: { skip_phases: [] } };
    const found = await merge(v2({ skip_phases: ['functional'], baton: { stages } }), all);
    expect(E.isLeft(found) && found.left.problems?.map(({ path }) => path)).toEqual([
      '.delivery/project.toml: local_phases.functional',
    ]);
  });
});

describe('the largest plan that is accepted', () => {
  /** A matrix as long as allowed, with `n` values added to each row, and commands that are as long as may be. */
  const files = (n: number) => {
    const rows = Array.from({ length: 256 }, () => ({}));
    const values = Array.from({ length: n }, (_, i) => `v${i}`);
    const letters = '\u00e9'.repeat(21_000);
    return {
      config: v2({
        job_dispatch: { version: 'v2', filters: { unit: rows } },
        baton: { filters: { unit: { platform: values } }, secrets: { unit: ['A'.repeat(100)] } },
      }),
      project: `[local_phases]\n${['unit', 'lint', 'syntax'].map((phase) => `${phase} = "${letters}"`).join('\n')}\n`,
    };
  };
  const submitted = async (n: number) => {
    const { config, project } = files(n);
    return prepare(config, project);
  };

  it('given it, then all that is written of it at once fits into one append; one value more is refused', async () => {
    let [fits, most] = [0, 2000];
    while (most - fits > 1) {
      const middle = Math.floor((fits + most) / 2);
      if (E.isRight(await submitted(middle))) fits = middle;
      else most = middle;
    }
    expect(fits).toBeGreaterThan(100);
    const found = right(await submitted(fits));
    const decided = changeDecider.decide({ kind: 'SubmitPatchset', ...found }, { status: 'none' });
    if (E.isLeft(decided)) expect.fail(decided.left.message);
    const encoded = decided.right.map((event) =>
      encode({
        id: 'id',
        event,
        metadata: { commandId: '', bodySha256: '', actor: '', recordedAt: '', schema: 1 },
      }),
    );
    const bytes = appendBytes(encoded);
    expect(bytes).toBeLessThan(APPEND_LIMIT_BYTES);
    expect(bytes).toBeGreaterThan(APPEND_LIMIT_BYTES * 0.8);
  });
});
