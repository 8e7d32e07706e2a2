/** What of a machine must be there: a test says in its title what it needs, as `[needs sshd, ssh-agent]`, and whoever runs it says what must not be missing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `BATON_TEST_REQUIRE=sshd,chromium`: a test that needs one of these must not be skipped. */
export const requiredWords: readonly string[] = (process.env['BATON_TEST_REQUIRE'] ?? '')
  .split(',')
  .map((word) => word.trim())
  .filter((word) => word !== '');

export const isRequired = (word: string): boolean => requiredWords.includes(word);

/** What the titles in that text need, each word as often as it is named. */
export const needsOf = (text: string): readonly string[] =>
  [...text.matchAll(/\[needs ([a-z, -]+)\]/g)].flatMap(([, words = '']) => words.split(', '));

/** The same of the source of tests; what its comments say is no title. */
export const needsInSource = (source: string): readonly string[] =>
  needsOf(source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, ''));

/** Of all tests, whichever of them run. */
export const wordsInTitles = (): ReadonlySet<string> =>
  new Set(
    readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => needsInSource(readFileSync(join(import.meta.dirname, name), 'utf8'))),
  );
