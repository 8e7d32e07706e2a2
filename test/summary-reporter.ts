/** Ends a run with one line that counts, and says aloud what was skipped and what must not have been. */
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { isRequired, needsOf, requiredWords, wordsInTitles } from './required.js';

const casesOf = (modules: readonly TestModule[]): readonly TestCase[] =>
  modules.flatMap((module) => [...module.children.allTests()]);

/** What broke beside its tests, in a hook or while it was read: vitest calls the tests in it skipped, and ends the run as failed. */
const isBroken = (suite: TestModule | TestSuite): boolean =>
  suite.state() === 'failed' && suite.errors().length > 0;

/** Everything that the configuration has runs: no file, name, project or part of it was asked for. */
const isWhole = async (vitest: Vitest, modules: readonly TestModule[]): Promise<boolean> => {
  const { testNamePattern, project, cliExclude = [] } = vitest.config;
  if (testNamePattern !== undefined || project.length > 0 || cliExclude.length > 0) return false;
  return modules.length === (await vitest.globTestSpecifications()).length;
};

/**
 * A word that is misspelt, or that no title has any more, would require nothing, and nobody would know; nor would anybody know that a
 * configuration has lost the tests that need it.
 */
const complaints = (whole: boolean, cases: readonly TestCase[]): readonly string[] => {
  const words = wordsInTitles();
  const known = [...words].sort().join(', ');
  const met = new Set(
    cases.filter((test) => test.result().state === 'passed').flatMap((test) => needsOf(test.fullName)),
  );
  return requiredWords.flatMap((word) => {
    if (!words.has(word))
      return [`BATON_TEST_REQUIRE names ${word}, which no test needs; there are ${known}`];
    return whole && !met.has(word)
      ? [`BATON_TEST_REQUIRE names ${word}, and no test of this run that needs it has passed`]
      : [];
  });
};

export default class SummaryReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const cases = casesOf(modules);
    const count = (state: string): number => cases.filter((test) => test.result().state === state).length;
    const skipped = cases.filter((test) => test.result().state === 'skipped');
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter(isBroken).length;
    const named = this.vitest?.config.testNamePattern;
    // who asks for tests by name has those of other names skipped; vitest compares with the names in a row
    const wasAsked = ({ fullName }: TestCase): boolean =>
      named === undefined || named.test(fullName.replaceAll(' > ', ' '));
    const forbidden = skipped.filter((test) => wasAsked(test) && needsOf(test.fullName).some(isRequired));
    const unmet =
      requiredWords.length === 0 || this.vitest === undefined
        ? []
        : complaints(await isWhole(this.vitest, modules), cases);
    for (const test of skipped) console.log(`skipped: ${test.fullName}`);
    for (const test of forbidden)
      console.log(`skipped although BATON_TEST_REQUIRE names it: ${test.fullName}`);
    for (const complaint of unmet) console.log(complaint);
    if (forbidden.length + unmet.length > 0) process.exitCode = 1;
    const failed = count('failed') + broken + forbidden.length + unmet.length;
    console.log(`${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`);
  }
}
