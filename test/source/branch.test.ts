import { describe, expect, it } from 'vitest';
import { branchProblem } from '../../src/source/branch.js';

describe('branchProblem', () => {
  it.each(['main', 'feature/x', 'fix-#12', 'a.b', 'ä', 'user@work'])('given %s, then it is fine', (name) => {
    expect(branchProblem(name)).toBeUndefined();
  });

  it.each([
    ...['', '-x', '--upload-pack=touch canary', 'a b', 'a..b', 'a~1', 'a^', 'a:b', 'a?', 'a*', 'a[b', 'a\\b'],
    ...[
      '@',
      'a@{1}',
      'a//b',
      '/a',
      'a/',
      '.a',
      'a/.b',
      'a.lock',
      'a.lock/b',
      'a.',
      'a\nb',
      'a\u0000',
      'refs/heads/x',
      'HEAD',
    ],
    'x'.repeat(201),
  ])('given %j, then it says what a branch should be', (name) => {
    expect(branchProblem(name)?.expected).toMatch(/name/);
  });
});
