/** Ends a run with one line that counts, and says aloud what was skipped and what must not have been. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { isRequired, needsOf, requiredWords, wordsInTitles } from './required.js';

const casesOf = (modules: readonly TestModule[]): readonly TestCase[] =>
  modules.flatMap((module) => [...module.children.allTests()]);

/** A word that is misspelt, or that no title has any more, would require nothing, and nobody would know. */
const complaints = (): readonly string[] => {
  if (requiredWords.length === 0) return [];
  const words = wordsInTitles();
  const known = [...words].sort().join(', ');
  return requiredWords
    .filter((word) => !words.has(word))
    .map((word) => `BATON_TEST_REQUIRE names ${word}, which no test needs; there are ${known}`);
};

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cases = casesOf(modules);
    const count = (state: string): number => cases.filter((test) => test.result().state === state).length;
    const skipped = cases.filter((test) => test.result().state === 'skipped');
    // vitest ends a run whose suites broke before any test as failed; so must the count
    const broken = modules.filter(
      (module) => module.state() === 'failed' && module.errors().length > 0,
    ).length;
    const forbidden = skipped.filter((test) => needsOf(test.fullName).some(isRequired));
    const unknown = complaints();
    for (const test of skipped) console.log(`skipped: ${test.fullName}`);
    for (const test of forbidden)
      console.log(`skipped although BATON_TEST_REQUIRE names it: ${test.fullName}`);
    for (const complaint of unknown) console.log(complaint);
    if (forbidden.length + unknown.length > 0) process.exitCode = 1;
    const failed = count('failed') + broken + forbidden.length + unknown.length;
    console.log(`${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`);
  }
}
