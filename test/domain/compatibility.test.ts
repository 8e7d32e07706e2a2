import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brokenBy,
  isVersion,
  judgeRules,
  parseRule,
  type Compatibility,
  type Rule,
} from '../../src/domain/compatibility.js';
import type { Attributes } from '../../src/events/shapes.js';

const rule = (text: string): Rule => {
  const found = parseRule(text);
  return E.isRight(found) ? found.right : expect.fail(JSON.stringify(found.left));
};
const problem = (text: string) => {
  const found = parseRule(text);
  return E.isLeft(found) ? found.left : expect.fail('it was read');
};

describe('a rule', () => {
  it('given one, then its two sides, and its text with single blanks', () => {
    expect(rule('  toolchain chefdk  >=2.0 <3 needs engine >=1.5 ')).toEqual({
      text: 'toolchain chefdk >=2.0 <3 needs engine >=1.5',
      subject: { kind: 'toolchain', name: 'chefdk', range: '>=2.0 <3' },
      object: { kind: 'engine', name: '', range: '>=1.5' },
    });
  });
  it.each([
    'engine <1.5 needs toolchain chefdk <2.0',
    'platform ubuntu needs toolchain git >=2.20',
    'toolchain g++ needs os linux',
    'platform_family rhel <7 needs baton >=0.1',
    'baton >=1 needs platform debian >=12',
  ])('given %s, then it can be read', (text) => {
    expect(rule(text).text).toBe(text);
  });

  it.each([
    ['', 2, 'nothing', /a rule reads/],
    ['tolchain chefdk >=2 needs engine >=1.5', 1, '"tolchain"', /write "toolchain"/],
    ['toolchain chefdk >=2 needs engin >=1.5', 28, '"engin"', /write "engine"/],
    ['toolchain chefdk >=2', 22, 'nothing', undefined],
    ['toolchain chefdk >=2 need engine >=1', 22, '"need"', undefined],
    ['toolchain chefdk >=2 needs', 28, 'nothing', /a rule reads/],
    ['toolchain needs engine >=1', 11, 'nothing', undefined],
    ['toolchain chefdk ~>2 needs engine >=1', 18, '"~>2"', undefined],
    ['toolchain chefdk >=2.x needs engine >=1', 18, '">=2.x"', undefined],
    ['toolchain ../x needs engine >=1', 11, '"../x"', undefined],
    ['os linux >=4 needs engine >=1', 10, '">=4"', undefined],
    ['toolchain chefdk needs engine', 31, 'nothing', undefined],
    ['engine >=1 needs baton >=1', 18, 'none on either', undefined],
    ['toolchain a needs needs', 19, '"needs"', undefined],
    ['x'.repeat(501), 501, 'more', undefined],
  ])('given "%s", then what is wrong in column %i', (text, column, found, mend) => {
    const told = problem(text);
    expect(told).toMatchObject({ column, found });
    if (mend !== undefined) expect(told.mend).toMatch(mend);
  });

  it('given any text, then it is read or refused, within itself', () => {
    const words = fc.constantFrom(
      'toolchain',
      'engine',
      'needs',
      'os',
      'platform',
      'x',
      '>=1',
      '<2.0',
      '>',
      '',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 9 }).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(text, (written) => {
        const found = parseRule(written);
        if (E.isRight(found)) expect(rule(found.right.text)).toEqual(found.right);
        else expect(found.left.column).toBeLessThanOrEqual(written.length + 2);
      }),
    );
  });
});

describe('judging', () => {
  const facts = (rules: readonly string[], engine?: string, baton = '0.1.0'): Compatibility => ({
    ...{ rules: rules.map(rule), baton },
    ...(engine === undefined ? {} : { engine }),
  });
  const judged = (text: string, attributes: Attributes, engine?: string) => {
    const [one] = judgeRules(facts([text], engine), { name: 'build-07', attributes });
    return one === undefined ? expect.fail('nothing was judged') : [one.outcome, one.sentence];
  };
  const with_ = (chefdk: string): Attributes => ({ toolchains: { chefdk } });
  const BUILT_IN = 'toolchain chefdk >=2.0 needs engine >=1.5';

  it('given what brought servers down, then a sentence with both versions and the ways out', () => {
    expect(judged(BUILT_IN, with_('2.4.17'), '1.4.2')).toEqual([
      'broken',
      'The toolchain chefdk 2.4.17 on build-07 needs engine >=1.5; this engine is 1.4.2. Install chefdk <2.0 on build-07, use an engine >=1.5, or change the rule in `compatibility`.',
    ]);
  });
  it.each([
    ['an engine that is new enough', with_('2.4.17'), '1.5.0'],
    ['a toolchain that is old enough', with_('1.6.11-1'), '1.4.2'],
    ['none of it on the machine', { toolchains: {} }, '1.4.2'],
    ['an old toolchain, whatever the engine', with_('1.9'), undefined],
  ])('given %s, then the rule is kept', (_, attributes, engine) => {
    expect(judged(BUILT_IN, attributes, engine)).toEqual(['kept', '']);
  });
  it.each([
    ['no version of the engine', with_('2.4.17'), undefined, 'the version of the engine is not known'],
    [
      'a machine that nobody looked at',
      {},
      '1.4.2',
      'whether the toolchain chefdk is installed on build-07 is not known',
    ],
    [
      'a version that is no number',
      with_('git20180101'),
      '1.4.2',
      'the version of the toolchain chefdk on build-07, git20180101, is no number with dots',
    ],
  ])('given %s, then it is not judged, and why', (_, attributes, engine, why) => {
    expect(judged(BUILT_IN, attributes, engine)).toEqual([
      'unknown',
      `Whether "${BUILT_IN}" holds cannot be told: ${why}.`,
    ]);
  });
  it('given a machine that nobody looked at and an engine that is new enough, then it is kept all the same', () => {
    expect(judged(BUILT_IN, {}, '1.5')).toEqual(['kept', '']);
  });
  it.each([
    ['1:2.4.17-1ubuntu3', 'broken'],
    ['2.0.0~rc1', 'broken'],
    ['v2', 'broken'],
    ['2.0-0.el7', 'broken'],
    ['1:1.9.9', 'kept'],
    ['10.0', 'broken'],
    ['1.10', 'kept'],
  ])('given the version %s as a package manager writes it, then %s', (version, outcome) => {
    expect(judged(BUILT_IN, with_(version), '1.4.2')[0]).toBe(outcome);
  });

  it.each([
    [
      'platform ubuntu <18 needs toolchain git >=2.20',
      { platform: 'ubuntu', platform_version: '16.04', toolchains: { git: '2.7.4' } },
      'The platform ubuntu 16.04 of build-07 needs toolchain git >=2.20; build-07 has 2.7.4. Install git >=2.20 on build-07, or change the rule in `compatibility`.',
    ],
    [
      'platform ubuntu needs toolchain git',
      { platform: 'ubuntu', toolchains: {} },
      'The platform ubuntu of build-07 needs toolchain git; build-07 has none. Install git on build-07, or change the rule in `compatibility`.',
    ],
    [
      'toolchain chefdk needs os linux',
      { os: 'darwin', ...with_('1') },
      'The toolchain chefdk 1 on build-07 needs os linux; the os of build-07 is darwin. Remove chefdk from build-07, or change the rule in `compatibility`.',
    ],
    [
      'toolchain chefdk >=2 <3 needs platform debian >=9',
      { platform: 'debian', platform_version: '8.11', ...with_('2.1') },
      'The toolchain chefdk 2.1 on build-07 needs platform debian >=9; build-07 has debian 8.11. Install another version of chefdk on build-07, or change the rule in `compatibility`.',
    ],
    [
      'engine >=1 needs toolchain chefdk >=2',
      with_('1.2'),
      'This engine, 1.4.2, with build-07 needs toolchain chefdk >=2; build-07 has 1.2. Install chefdk >=2 on build-07, or change the rule in `compatibility`.',
    ],
    [
      'platform_family rhel needs baton >=1',
      { platform_family: 'rhel' },
      'The platform_family rhel of build-07 needs baton >=1; this Baton is 0.1.0. Use a Baton >=1, or change the rule in `compatibility`.',
    ],
  ])('given %s, then the sentence names what is there', (text, attributes, sentence) => {
    expect(judged(text, attributes, '1.4.2')).toEqual(['broken', sentence]);
  });

  it('given several rules, then the sentences of those that are broken, and only these', () => {
    const machine = { name: 'b', attributes: { os: 'linux', ...with_('2.1') } };
    const some = facts(
      ['toolchain chefdk needs os darwin', BUILT_IN, 'os linux needs toolchain git'],
      undefined,
    );
    expect(judgeRules(some, machine).map(({ outcome }) => outcome)).toEqual(['broken', 'unknown', 'broken']);
    expect(brokenBy(some, machine)).toMatch(/needs os darwin; .* needs toolchain git; /);
    expect(brokenBy(facts([BUILT_IN], '2'), machine)).toBe('');
  });
});

describe('a version', () => {
  it.each([
    ['1.4.2', true],
    ['v2', true],
    ['2.0.0-rc.1+build', true],
    ['next', false],
    ['', false],
    ['1 2', false],
    [2, false],
  ])('given %j, then %s', (text, expected) => {
    expect(isVersion(text)).toBe(expected);
  });
});
