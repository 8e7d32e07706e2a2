/** What a package is called, where its bytes cannot be read. */
import { describe, expect, it } from 'vitest';
import { namedBy } from '../../../src/cli/install/package-files.js';

describe('the name of a package file', () => {
  it.each([
    ['/tmp/chefdk_1.6.11-1_amd64.deb', { name: 'chefdk', version: '1.6.11-1' }],
    ['g++_4%3a12.2.0-3_amd64.deb', { name: 'g++', version: '4:12.2.0-3' }],
    ['tool.deb', undefined],
    ['tool_1.0.deb', undefined],
    ['tool_1.0_amd64.rpm', undefined],
    ['-tool_1.0_all.deb', undefined],
    ['tool_$(id)_all.deb', undefined],
  ])('given %s, then %j', (file, expected) => {
    expect(namedBy(file)).toEqual(expected);
  });
});
