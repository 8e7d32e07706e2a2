import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareSubmission } from '../../../plugin/hosts/standalone/submission.js';
import { defaultPhaseWays } from '../../../src/domain/phase-ways.js';
import { gitSource } from '../../../src/source/git.js';
import { aFolder, commit, gitIn } from '../../source/given-repository.js';

const sample = join(dirname(fileURLToPath(import.meta.url)), '../../../examples/sample-project');
let folder: ReturnType<typeof aFolder>;
let project: string;

beforeEach(() => {
  folder = aFolder();
  project = join(folder.path, 'sample');
  cpSync(sample, project, { recursive: true });
});
afterEach(() => folder.dispose());

/** The plan of the sample, from a real repository. */
const submission = async () => {
  gitIn(project, ['init', '--quiet', '--initial-branch=main']);
  commit(project, {}, 'Versions');
  gitIn(project, ['checkout', '--quiet', '-b', 'feature']);
  commit(project, { NEWS: 'x\n' }, 'Tell the news');
  const source = gitSource({ directory: join(folder.path, 'mirrors'), roots: [folder.path] });
  const prepared = await prepareSubmission(source, defaultPhaseWays, {
    repository: project,
    branch: 'feature',
    target: 'main',
  })();
  if (E.isLeft(prepared)) throw new Error(JSON.stringify(prepared.left));
  return prepared.right;
};

/** Runs a phase's command in the project, as a runner would; answers its exit code and output. */
const runPhase = async (phase: string) => {
  const { plan } = await submission();
  const step = plan.find((planned) => planned.phase === phase)?.steps[0];
  const { status, stdout } = spawnSync('sh', ['-c', step?.run ?? 'exit 99'], { cwd: project });
  return { status, output: stdout.toString() };
};

const edit = (file: string, change: (text: string) => string): void => {
  const path = join(project, file);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
};

describe('the sample project', () => {
  it('asks for unit on two families, lint and syntax on any Linux', async () => {
    const { plan, title, scope } = await submission();
    const rows = plan.map(({ phase, skipped, rows: found }) => [
      phase,
      skipped,
      found.map(({ label }) => label),
    ]);
    expect(rows).toEqual([
      ['unit', false, ['platform_family=debian', 'platform_family=rhel']],
      ['lint', false, ['']],
      ['syntax', false, ['']],
    ]);
    expect([title, scope.project]).toEqual(['Tell the news', 'sample']);
  });

  it.each(['unit', 'lint', 'syntax'])('given the tree as it is, then %s passes', async (phase) => {
    expect((await runPhase(phase)).status).toBe(0);
  });

  it('given a broken comparison, then unit fails and says which test', async () => {
    edit('src/semver.sh', (text) =>
      text.replace('-lt "$semver_b" ]; then echo -1', '-lt "$semver_b" ]; then echo 1'),
    );
    const { status, output } = await runPhase('unit');
    expect(status).toBe(1);
    expect(output).toContain('not ok 2 - numbers compare as numbers: expected -1, found 1');
  });

  it('given a tab and a blank at a line end, then lint fails and says where', async () => {
    appendFileSync(join(project, 'src/newest.sh'), '\techo x \n');
    const { status, output } = await runPhase('lint');
    expect(status).not.toBe(0);
    expect(output).toMatch(/src\/newest\.sh:\d+: tab[^]*src\/newest\.sh:\d+: blank/);
  });

  it('given an unclosed if, then syntax fails, also in a file that is new', async () => {
    mkdirSync(join(project, 'src/more'));
    writeFileSync(join(project, 'src/more/bad.sh'), '# bad\nif true; then\n');
    expect((await runPhase('syntax')).status).not.toBe(0);
  });
});
