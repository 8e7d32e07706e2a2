/** Is this the name of a branch, and nothing else? The rules of `git check-ref-format --branch`, without starting git. */
import { shown } from '../domain/problem.js';

const parts = (name: string): readonly string[] => name.split('/');

const rules: readonly (readonly [string, (name: string) => boolean])[] = [
  ['a name of 1 to 200 characters', (name) => name.length >= 1 && name.length <= 200],
  ['a name without control characters and spaces', (name) => !/[\p{C}\s]/u.test(name)],
  ['a name that does not start with a dash', (name) => !name.startsWith('-')],
  ['a name without ~ ^ : ? * [ and backslash', (name) => !/[~^:?*[\\]/.test(name)],
  ['a name without ".." and "@{", and not "@" alone', (name) => !/\.\.|@\{|^@$/.test(name)],
  ['the short name, without refs/ in front', (name) => !name.startsWith('refs/') && name !== 'HEAD'],
  [
    'a name whose parts between slashes are not empty, do not start with a dot and do not end with ".lock" or a dot',
    (name) => parts(name).every((part) => /^[^.]/.test(part) && !/(\.lock|\.)$/.test(part)),
  ],
];

/** What the name should be and is not; undefined when it is fine. */
export const branchProblem = (
  name: string,
): { readonly expected: string; readonly found: string } | undefined => {
  const broken = rules.find(([, holds]) => !holds(name));
  return broken && { expected: broken[0], found: shown(name) };
};
