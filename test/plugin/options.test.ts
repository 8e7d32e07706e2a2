import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../plugin/options.js';

const problemsOf = (raw: unknown) => {
  const parsed = parseOptions(raw);
  return 'problems' in parsed ? parsed.problems : [];
};

describe('parseOptions', () => {
  it('given only host and data, then the rest has defaults', () => {
    expect(parseOptions({ host: 'ci', data: '/var/lib/baton' })).toEqual({
      options: {
        ...{ host: 'ci', data: '/var/lib/baton', repositoryRoots: [], allowedHosts: [], mount: '' },
        ...{ maxQueued: 1000, logLevel: 'warn', reportTimeoutMs: 30_000, reportRetryMs: 30_000 },
      },
    });
  });

  it('given several mistakes, then all are told at once, each with its path', () => {
    const problems = problemsOf({
      ...{ host: 'standalone', data: 'relative', maxQueued: 0, logLevel: 'loud', mount: 'baton' },
      ...{ repositoryRoots: ['/ok', 'not'], authenticate: 'me' },
    });
    expect(problems.map(({ path }) => path).sort()).toEqual(
      ['authenticate', 'data', 'host', 'logLevel', 'maxQueued', 'mount', 'repositoryRoots[1]'].sort(),
    );
  });

  it('given a misspelt option, then the nearest word is named', () => {
    expect(problemsOf({ host: 'ci', data: '/d', maxQueud: 5 })).toEqual([
      { path: 'maxQueud', expected: 'no option of this name', found: 'one', mend: 'write "maxQueued"' },
    ]);
  });

  it.each([undefined, null, 'text', [], 5])('given %j instead of an object, then that is said', (raw) => {
    expect(problemsOf(raw)).toMatchObject([{ path: '', expected: 'an object with options' }]);
  });

  it('given a function that says who asks, then it is handed through', () => {
    const authenticate = () => undefined;
    expect(parseOptions({ host: 'ci', data: '/d', authenticate })).toMatchObject({
      options: { authenticate },
    });
  });
});
