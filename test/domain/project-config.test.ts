import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parseProjectConfig } from '../../src/domain/project-config.js';

const read = (text: string) => {
  const parsed = parseProjectConfig(text);
  if (E.isLeft(parsed)) throw new Error(JSON.stringify(parsed.left));
  return parsed.right;
};

const problems = (text: string) => {
  const parsed = parseProjectConfig(text);
  if (E.isRight(parsed)) throw new Error('accepted');
  return parsed.left;
};

describe('parseProjectConfig', () => {
  it('given local phases, then each phase has its command, letter by letter', () => {
    const text =
      '[local_phases]\r\nunit = "echo -e \\\\c"\r\nlint = \'lint -t "~A" ~B\'\r\ncleanup = "x"\r\n';
    expect(read(text)).toEqual({
      commands: { unit: 'echo -e \\c', lint: 'lint -t "~A" ~B' },
      otherKeys: ['cleanup'],
    });
  });

  it('given an empty command, then it counts as none', () => {
    expect(read('[local_phases]\nfunctional = ""\n').commands).toEqual({});
  });

  it('given a command of several lines, then it is kept', () => {
    expect(read('[local_phases]\nunit = """\nset -e\nmake"""\n').commands.unit).toBe('set -e\nmake');
  });

  it('given only the address of another file, then it is told and not fetched', () => {
    expect(read('remote_file = "https://example.org/p.toml"')).toEqual({
      commands: {},
      otherKeys: [],
      remoteFile: 'https://example.org/p.toml',
    });
  });

  it('given a table twice, then line and column are told', () => {
    expect(problems('[local_phases]\nunit = "a"\n\n[local_phases]\nunit = "b"\n')).toEqual([
      expect.objectContaining({ path: 'line 4, column 2', mend: 'keep each table and each key once' }),
    ]);
  });

  it('given wrong values, then all are told at once', () => {
    const text = '[local_phases]\nunit = 1\nlint = ["a"]\nsyntax = "a\\u0000b"\nsmoke = 2020-01-01\n';
    expect(problems(text).map(({ path }) => path)).toEqual([
      'local_phases.unit',
      'local_phases.lint',
      'local_phases.syntax',
      'local_phases.smoke',
    ]);
  });

  it('given local_phases that is no table, then it is refused', () => {
    expect(problems('local_phases = "unit"')[0]).toMatchObject({ path: 'local_phases', expected: 'a table' });
  });
});
