import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expressionOf } from '../../src/logs/expression.js';

const foundIn = (text: string): string => {
  const made = expressionOf(text, false);
  return E.isLeft(made) ? made.left.found : 'nothing';
};

describe('an expression that cannot be used', () => {
  it.each([
    ['a(b', '( at character 2, which is never closed'],
    ['(a)(b(c)', '( at character 4, which is never closed'],
    ['[(](a', '( at character 4, which is never closed'],
    ['a)b', ') at character 2, which closes nothing'],
    ['[)](a))', ') at character 7, which closes nothing'],
    ['😀[a-', '[ at character 2, which is never closed'],
    ['[z-a]', 'z-a at character 2, which is no class and no range of characters'],
    ['a-z[a-zz-a]', 'z-a at character 8, which is no class and no range of characters'],
    ['\\p{Nope}', '\\p{Nope} at character 1, which is no class and no range of characters'],
    ['a**', '** at character 2, which repeats a repetition'],
    ['[*]|*', '* at character 5, which has nothing to repeat'],
    ['a{1001}', '{1001} at character 2, which is no count'],
    ['a{2,1}', '{2,1} at character 2, which is no count'],
    ['\\d\\q', '\\q at character 3, which stands for nothing'],
    ['(a)\\1', '\\1 at character 4, which stands for nothing'],
    ['a(?=b)', '(?= at character 2, which begins no group'],
    ['a(?<=b)c', '(?<=b)c at character 2, which begins no group'],
    ['(?P<n>a)(?P<n>b)', 'two groups of the name n'],
    ['a\\', 'a backslash at its end'],
    ['(?:abcdefghijk){1000}', 'an expression that is too large'],
    ['x{1000}'.repeat(28), 'an expression that is too large'],
  ])('given %s, then it is said in words where', (text, found) => {
    expect(foundIn(text)).toBe(found);
  });

  it('given any text, then it can be used or it is said why not, and a place lies within it', () => {
    const sign = fc.constantFrom(...Array.from('()[]{}*+?|\\^$.,-:<>=!PpQEzAbdqi019aé😀'));
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 30 }), fc.boolean(), (signs, caseSensitive) => {
        const text = signs.join('');
        const made = expressionOf(text, caseSensitive);
        if (E.isRight(made)) return;
        const place = / at character (\d+),/.exec(made.left.found)?.[1];
        if (place !== undefined) expect(Number(place)).toBeLessThanOrEqual(signs.length);
        expect(made.left.found).not.toMatch(/undefined|regexp/);
      }),
      { numRuns: 5000 },
    );
  });
});
