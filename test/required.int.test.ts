import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsInSource, needsOf, wordsInTitles } from './required.js';

const root = join(import.meta.dirname, '..');

/** The end of a run in that folder with these words in `BATON_TEST_REQUIRE`. */
const run = (
  cwd: string,
  words: string,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const child = execFile(
      process.execPath,
      [vitest, 'run', ...args],
      { cwd, env: { ...process.env, BATON_TEST_REQUIRE: words, NO_COLOR: '1' } },
      (_, out) => {
        resolve({ code: child.exitCode ?? NaN, out });
      },
    );
  });

/** Of one small test file. */
const runRequiring = (words: string) =>
  run(root, words, '--project', 'unit', 'test/webhooks/message.test.ts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-required-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A folder with tests of its own, one project for each file, and this reporter. */
const withTests = async (tests: Readonly<Record<string, string>>): Promise<string> => {
  const cwd = await mkdtemp(join(folder, 'run-'));
  const projects = Object.keys(tests).map((name) => ({ test: { name, include: [`${name}.test.mjs`] } }));
  const reporters = ['default', join(root, 'test', 'summary-reporter.ts')];
  const config = JSON.stringify({ test: { reporters, projects } });
  await writeFile(join(cwd, 'vitest.config.mjs'), `export default ${config};\n`);
  for (const [name, body] of Object.entries(tests))
    await writeFile(
      join(cwd, `${name}.test.mjs`),
      `import { beforeAll, describe, it } from 'vitest';\n${body}\n`,
    );
  return cwd;
};

describe('what a title says that a test needs', () => {
  it('is a word, or several', () => {
    // not as it stands in a title: these are words of no test
    const needs = (words: string): string => `[needs ${words}]`;
    expect(needsOf(`a runner ${needs('a')}`)).toEqual(['a']);
    expect(needsOf(`a suite ${needs('a, b-c')} > a test ${needs('d')}`)).toEqual(['a', 'b-c', 'd']);
    expect(needsOf('it needs a')).toEqual([]);
  });

  it('is not what a comment says', () => {
    const needs = (words: string): string => `[needs ${words}]`;
    const source = `/** as ${needs('a')} */\n  // ${needs('b')}\n/*\n * ${needs('c')}\n */\nit('x ${needs('d')}')`;
    expect(needsInSource(source)).toEqual(['d']);
  });

  it('is among the words that may be required, whichever tests run', () => {
    expect([...wordsInTitles()]).toEqual(
      expect.arrayContaining(['buildbot', 'chromium', 'machine', 'screwdriver', 'ssh-agent', 'sshd']),
    );
  });
});

describe('BATON_TEST_REQUIRE', () => {
  it('given a word that some test needs, then a run that has none of them passes', async () => {
    expect(await runRequiring('sshd, machine')).toMatchObject({ code: 0 });
  });

  it('given a word that no test needs, then the run fails and says so', async () => {
    const { code, out } = await runRequiring('sshd,chromum');
    expect(code).toBe(1);
    expect(out).toContain('BATON_TEST_REQUIRE names chromum, which no test needs; there are ');
    expect(out).toMatch(/\b[1-9]\d* passed, 1 failed, 0 skipped/);
  });
});

describe('a run of everything', () => {
  // words of real tests, put so that they stand in no title of this file
  const titled = (word: string): string => `it('a test [needs ${word}]', () => undefined);`;

  it('given a word that is needed by no test that ran and passed, then it fails and says so; a part of it does not', async () => {
    const cwd = await withTests({ one: titled('sshd'), two: "it('another', () => undefined);" });
    expect(await run(cwd, 'sshd')).toMatchObject({ code: 0 });
    const lost = await run(cwd, 'sshd,machine');
    expect(lost.code).toBe(1);
    expect(lost.out).toContain(
      'BATON_TEST_REQUIRE names machine, and no test of this run that needs it has passed\n2 passed, 1 failed, 0 skipped',
    );
    for (const part of [['two'], ['-t', 'another'], ['--project', 'two'], ['--exclude', 'one.test.mjs']])
      expect(await run(cwd, 'sshd,machine', ...part)).toMatchObject({ code: 0 });
  });
});

describe('a suite that breaks before its tests', () => {
  it('counts as failed, wherever it stands', async () => {
    const broken = "beforeAll(() => { throw new Error('broken'); }); it('a test', () => undefined);";
    const cwd = await withTests({
      inside: `it('well', () => undefined); describe('outer', () => { describe('inner', () => { ${broken} }); });`,
      outside: broken,
    });
    const { code, out } = await run(cwd, '');
    expect(code).toBe(1);
    expect(out).toContain('1 passed, 2 failed, 2 skipped');
  });
});
