import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/domain/problem.js';
import { phases } from '../../src/domain/stage-plan.js';

describe('nearest', () => {
  it.each([
    // as near as unit by count, but with the letters of lint
    ['lnit', 'lint'],
    ['unti', 'unit'],
    ['Deploy', 'deploy'],
    ['functionall', 'functional'],
    ['something', undefined],
  ])('%s: %s', (word, expected) => {
    expect(nearest(word, phases)).toBe(expected);
  });
});
