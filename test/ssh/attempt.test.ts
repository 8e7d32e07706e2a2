import { describe, expect, it } from 'vitest';
import { attemptName, environmentText } from '../../src/ssh/attempt.js';
import { printable } from '../../src/ssh/errors.js';

describe('attemptName', () => {
  it('given plain words, then jobId.attempt', () => {
    expect(attemptName({ jobId: 'job-1', attempt: 2 })).toBe('job-1.2');
  });
  it.each(['../x', '..', '-rf', 'a/b', 'a;id', '$(id)', 'a\nb', '', '.x', 'a b'])(
    'given %j, then undefined',
    (jobId) => {
      expect(attemptName({ jobId, attempt: 1 })).toBeUndefined();
    },
  );
  it.each([-1, 1.5, Number.NaN, 1e16])('given attempt %d, then undefined', (attempt) => {
    expect(attemptName({ jobId: 'a', attempt })).toBeUndefined();
  });
});

describe('environmentText', () => {
  it('given newlines and backslashes, then one line per variable', () => {
    expect(environmentText({ A: 'x\ny', B: '\\n' })).toBe('A=x\\ny\nB=\\\\n\n');
  });
  it.each([[{ 'A B': 'x' }], [{ '1A': 'x' }], [{ 'A=B': 'x' }], [{ A: 'x\0y' }], [{ _BATON_line: 'x' }]])(
    'given %j, then undefined',
    (environment) => {
      expect(environmentText(environment)).toBeUndefined();
    },
  );
});

describe('printable', () => {
  it('given control characters and bidi marks, then blanks, and not more than 200 characters', () => {
    expect(printable('\u001b[31mred\u202e\nline')).toBe('[31mred line');
    expect(printable('x'.repeat(1000))).toHaveLength(200);
  });
});
