import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { understandQuery } from '../../src/domain/chef-query.js';

const understood = (query: string) => {
  const found = understandQuery(query);
  if (E.isLeft(found)) return expect.fail(found.left);
  return { ...Object.fromEntries(found.right.conditions), leftOut: found.right.leftOut };
};

describe('what a filter can say', () => {
  it.each([
    ['platform:ubuntu', { platform: ['ubuntu'] }],
    ['platform:ubuntu AND platform_version:14.04', { platform: ['ubuntu'], platform_version: ['14.04'] }],
    ['platform_family:debian && os:linux', { platform_family: ['debian'], os: ['linux'] }],
    ['platform:ubuntu OR platform:centos', { platform: ['ubuntu', 'centos'] }],
    ['(platform:ubuntu OR platform:centos) AND os:linux', { platform: ['ubuntu', 'centos'], os: ['linux'] }],
    ['platform:(ubuntu OR centos)', { platform: ['ubuntu', 'centos'] }],
    ['name:build-07.example.org', { hostname: ['build-07.example.org'] }],
    ['tags:a AND tags:b', { labels: ['a', 'b'] }],
    ['platform:"mac os x"', { platform: ['mac os x'] }],
    [String.raw`name:build\-07`, { hostname: ['build-07'] }],
    [
      'platform:ubuntu AND platform_version:20.04 OR platform:ubuntu AND platform_version:22.04',
      { platform: ['ubuntu'], platform_version: ['20.04', '22.04'] },
    ],
    ['platform:(a OR b) AND platform:(b OR c)', { platform: ['b'] }],
    ['*:*', {}],
    ['  ', {}],
    ['+platform:ubuntu', { platform: ['ubuntu'] }],
  ])('%s', (query, conditions) => {
    expect(understood(query)).toEqual({ ...conditions, leftOut: [] });
  });
});

describe('what it cannot say', () => {
  it.each([
    ['name:builder*', {}, /^name:builder\* is left out: it has a wildcard/],
    ['name:build?7 AND os:linux', { os: ['linux'] }, /wildcard/],
    ['platform_version:[14 TO 16] AND os:linux', { os: ['linux'] }, /^platform_version:\[14 TO 16\] .*range/],
    [
      'NOT platform:windows AND os:linux',
      { os: ['linux'] },
      /^NOT platform:windows is left out: it excludes/,
    ],
    ['-platform:windows', {}, /excludes/],
    ['NOT (platform:a OR platform:b)', {}, /^NOT \(platform:a OR platform:b\) is left out/],
    ['role:builder AND os:linux', { os: ['linux'] }, /Baton does not know role of a runner/],
    ['builder', {}, /names no attribute/],
    ['platform:ubunto~', {}, /not exact/],
    ['platform:ubuntu OR os:linux', {}, /alternatives of several conditions/],
    ['tags:a OR tags:b', {}, /alternatives of several conditions/],
    ['platform:ubuntu OR platform:ub*', {}, /left out as a whole/],
    ['platform:a AND platform:b', { platform: ['a'] }, /never held/],
    ['platform:', {}, /names no value/],
  ])('%s', (query, conditions, why) => {
    const { leftOut, ...found } = understood(query);
    expect(found).toEqual(conditions);
    expect(leftOut[0]).toMatch(why);
  });
});

describe('what is no query', () => {
  it.each([
    ['platform:ubuntu os:linux', /side by side/],
    ['(platform:ubuntu os:linux)', /side by side/],
    ['(platform:ubuntu', /no \) for its \(/],
    ['platform:ubuntu)', /no \( for its \)/],
    ['platform:ubuntu AND', /ends too early/],
    ['AND platform:ubuntu', /AND was not expected/],
    ['name:"build', /no " for its "/],
    ['v:[1 TO', /no \] for its \[/],
    ['('.repeat(50_000), /groups within each other/],
    ['NOT '.repeat(50_000), /NOT within each other/],
  ])('%s', (query, why) => {
    const found = understandQuery(query);
    expect(E.isLeft(found) && found.left).toMatch(why);
  });
});
