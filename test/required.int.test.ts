import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needsOf, wordsInTitles } from './required.js';

/** The end of a run of one small test file with that in `BATON_TEST_REQUIRE`. */
const runRequiring = (words: string): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    const root = join(import.meta.dirname, '..');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const child = execFile(
      process.execPath,
      [vitest, 'run', '--project', 'unit', 'test/webhooks/message.test.ts'],
      { cwd: root, env: { ...process.env, BATON_TEST_REQUIRE: words, NO_COLOR: '1' } },
      (_, out) => {
        resolve({ code: child.exitCode ?? NaN, out });
      },
    );
  });

describe('what a title says that a test needs', () => {
  it('is a word, or several', () => {
    // not as it stands in a title: these are words of no test
    const needs = (words: string): string => `[needs ${words}]`;
    expect(needsOf(`a runner ${needs('a')}`)).toEqual(['a']);
    expect(needsOf(`a suite ${needs('a, b-c')} > a test ${needs('d')}`)).toEqual(['a', 'b-c', 'd']);
    expect(needsOf('it needs a')).toEqual([]);
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
    expect(out).toContain('3 passed, 1 failed, 0 skipped');
  });
});
