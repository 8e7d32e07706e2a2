/** Ends a run with one line that counts, and says aloud what was skipped and what must not have been. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

const casesOf = (modules: readonly TestModule[]): readonly TestCase[] =>
  modules.flatMap((module) => [...module.children.allTests()]);

/** `BATON_TEST_REQUIRE=sshd,root`: a skipped test whose title holds `[needs sshd]` then fails the run. */
const required = (process.env['BATON_TEST_REQUIRE'] ?? '').split(',').filter((word) => word !== '');

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cases = casesOf(modules);
    const count = (state: string): number => cases.filter((test) => test.result().state === state).length;
    const skipped = cases.filter((test) => test.result().state === 'skipped');
    // vitest ends a run whose suites broke before any test as failed; so must the count
    const broken = modules.filter(
      (module) => module.state() === 'failed' && module.errors().length > 0,
    ).length;
    const forbidden = skipped.filter((test) =>
      required.some((word) => test.fullName.includes(`[needs ${word}]`)),
    );
    for (const test of skipped) console.log(`skipped: ${test.fullName}`);
    for (const test of forbidden)
      console.log(`skipped although BATON_TEST_REQUIRE names it: ${test.fullName}`);
    if (forbidden.length > 0) process.exitCode = 1;
    const failed = count('failed') + broken + forbidden.length;
    console.log(`${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`);
  }
}
